//! Memory for the indexes over vectors.

use crate::fixture::World;

/// A graph that does not fit into the server's `maintenance_work_mem` is built several times more
/// slowly, and pgvector says so. Short vectors: many in few bytes.
#[test]
fn a_graph_gets_the_memory_that_it_needs() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE points (id int PRIMARY KEY, at vector(3));
         INSERT INTO points SELECT n, ARRAY[sin(n), cos(n), n % 7]::vector FROM generate_series(1, 40000) n;
         CREATE INDEX points_at ON points USING hnsw (at vector_l2_ops) WITH (m = 4, ef_construction = 8)",
    );
    let small = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET maintenance_work_mem = ''1MB''', current_database()); END $$";
    world.target().run(small);
    let ended = world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert!(!ended.notes().contains("no longer fits"), "{ended}");
    let indexes = "SELECT indexdef FROM pg_indexes WHERE tablename = 'points' ORDER BY 1";
    assert_eq!(world.target().rows(indexes), world.source().rows(indexes));
}
