//! Real servers: one start is shared by all questions about it.

use super::server::{Connection, connect};
use super::*;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::Mutex;

/// A folder that the servers' user can reach, removed at the end.
fn reachable_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("rights");
    folder
}

fn small() -> Options {
    Options {
        documents: Some(300),
        ..Options::default()
    }
}

async fn start(options: &Options) -> Result<Practice, Error> {
    Practice::start(options, &|_| {}, &CancellationToken::new()).await
}

async fn source(practice: &Practice) -> Connection {
    practice
        .source
        .connect(sample::DATABASE)
        .await
        .expect("the source answers")
}

async fn owner(practice: &Practice) -> Connection {
    let password = &practice.owner_password;
    connect(
        practice.target.address(),
        target::OWNER,
        password,
        target::DATABASE,
    )
    .await
    .expect("the target answers")
}

async fn connects(url: &Secret) -> Result<(), tokio_postgres::Error> {
    let connecting = tokio_postgres::connect(url.expose(), tokio_postgres::NoTls);
    connecting.await.map(drop)
}

async fn count(connection: &Connection, sql: &str) -> i64 {
    connection
        .client
        .query_one(sql, &[])
        .await
        .expect(sql)
        .get(0)
}

async fn refusal(connection: &Connection, sql: &str) -> String {
    let error = connection.client.batch_execute(sql).await.expect_err(sql);
    error
        .code()
        .expect("an error of the server")
        .code()
        .to_owned()
}

async fn check_documents(practice: &Practice) {
    let source = source(practice).await;
    let sql = "SELECT count(DISTINCT collection_name) FROM vector_documents";
    assert_eq!(count(&source, sql).await, 5);
    assert_eq!(
        count(&source, "SELECT count(*) FROM vector_documents").await,
        300
    );
    let types = "SELECT count(DISTINCT metadata->>'record_type') FROM vector_documents";
    assert_eq!(count(&source, types).await, 5);
    let wanted = pgvector::Vector::from(sample::embed("software engineer").to_vec());
    let nearest = "SELECT content FROM vector_documents ORDER BY embedding <=> $1 LIMIT 5";
    for row in source
        .client
        .query(nearest, &[&wanted])
        .await
        .expect("a search")
    {
        let content: String = row.get(0);
        assert!(content.contains("Software Engineer"), "{content}");
    }
    let sum = "SELECT count(*) FROM vector_documents WHERE abs(vector_norm(embedding) - 1) < 1e-5";
    assert!(count(&source, sum).await > 290);
}

async fn check_shop(practice: &Practice) {
    let source = source(practice).await;
    let mut rows = 0;
    for table in [
        "customers",
        "products",
        "orders",
        "order_items",
        "visits",
        "edge_cases",
    ] {
        rows += count(&source, &format!("SELECT count(*) FROM shop.{table}")).await;
    }
    assert!((1_000..3_500).contains(&rows), "{rows}");
    for table in [
        "visits_2024",
        "visits_2025",
        "visits_other",
        "best_customers",
        "\"MixedCase\"",
    ] {
        assert!(
            count(&source, &format!("SELECT count(*) FROM shop.{table}")).await > 0,
            "{table}"
        );
    }
    assert_eq!(count(&source, "SELECT count(*) FROM shop.returns").await, 0);
}

async fn check_rights(practice: &Practice) {
    let owner = owner(practice).await;
    let superuser = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper";
    assert_eq!(count(&owner, superuser).await, 0);
    let member = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolcreatedb AND \
        rolcreaterole AND rolbypassrls AND rolreplication AND rolinherit AND \
        pg_has_role('pg_read_all_data', 'usage') AND pg_has_role('pg_write_all_data', 'usage')";
    assert_eq!(count(&owner, member).await, 1);
    assert_eq!(
        refusal(&owner, "SET session_replication_role = replica").await,
        "42501"
    );
    assert_eq!(
        refusal(&owner, "CREATE TABLESPACE t LOCATION '/tmp'").await,
        "42501"
    );
    assert_eq!(
        refusal(&owner, "ALTER DATABASE neondb OWNER TO postgres").await,
        "42704"
    );
    let may = "BEGIN; CREATE EXTENSION IF NOT EXISTS vector; CREATE SCHEMA s; \
        CREATE TABLE public.t (v vector(3)); CREATE INDEX ON t USING hnsw (v vector_l2_ops); ROLLBACK";
    owner
        .client
        .batch_execute(may)
        .await
        .expect("the owner may do it");
    let size: String = owner
        .client
        .query_one("SHOW neon.max_cluster_size", &[])
        .await
        .expect("told")
        .get(0);
    assert_eq!(size, "512MB");
}

/// Neither a process's arguments nor any file of the practice holds a password.
fn check_secrecy(practice: &Practice) {
    let secrets = [
        practice.source.password(),
        practice.target.password(),
        &practice.owner_password,
    ];
    let mut files = vec![practice.folder().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            files.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else {
            // Files come and go while servers run.
            let Ok(bytes) = fs::read(&path) else { continue };
            for secret in secrets {
                let found = bytes
                    .windows(48)
                    .any(|part| part == secret.expose().as_bytes());
                assert!(!found, "a password in {}", path.display());
            }
        }
    }
    let output = std::process::Command::new("ps")
        .args(["-eo", "args"])
        .output()
        .expect("ps");
    let arguments = String::from_utf8_lossy(&output.stdout);
    assert!(
        secrets
            .iter()
            .all(|secret| !arguments.contains(secret.expose()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_is_what_it_says() {
    let said = Mutex::new(Vec::new());
    let say = |happening| said.lock().expect("a lock").push(happening);
    let practice = Practice::start(&small(), &say, &CancellationToken::new())
        .await
        .expect("a practice");
    tokio::join!(
        check_documents(&practice),
        check_shop(&practice),
        check_rights(&practice)
    );
    check_secrecy(&practice);
    let standings = status(None).await.expect("a status");
    let own = standings
        .iter()
        .find(|one| one.folder == practice.folder())
        .expect("it is known");
    let strings = own.connections.join(" ");
    assert!(strings.contains("postgres@127.0.0.1:") && strings.contains("neondb_owner@"));
    assert!(!strings.contains(practice.owner_password.expose()));
    let mut sorted = standings.clone();
    sorted.sort_by_key(|one| (one.servers.is_empty(), one.folder.clone()));
    assert_eq!(standings, sorted, "what runs is told first");
    assert!(own.in_use && own.temporary && own.servers.len() == 2 && own.documents == Some(300));
    let written = said
        .lock()
        .expect("a lock")
        .iter()
        .any(|one| one.progress == Some((300, 300)));
    assert!(written, "the progress of the documents is told");
    let folder = practice.folder().to_owned();
    let url = practice.source_url();
    practice.stop().await.expect("it stops");
    assert!(!folder.exists());
    assert!(connects(&url).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_outlives_a_crash_and_keeps_its_data() {
    let parent = reachable_folder();
    let folder = parent.path().join("deep/practice");
    let options = Options {
        folder: Some(folder.clone()),
        ..small()
    };
    let first = start(&options).await.expect("a practice");
    let refused = start(&options).await.expect_err("it is in use");
    assert!(matches!(refused, Error::InUse { .. }), "{refused}");
    source(&first)
        .await
        .client
        .batch_execute("CREATE TABLE mark ()")
        .await
        .expect("a mark");
    let old = first.source_url();
    // What a kill leaves: servers that live, and a lock that is free.
    let Practice {
        source: old_source,
        target: old_target,
        place,
        ..
    } = first;
    std::mem::forget((old_source, old_target));
    drop(place);

    let again = Options {
        documents: None,
        ..options.clone()
    };
    let second = start(&again).await.expect("a practice");
    // Whoever started a practice meanwhile may have ended the orphans; gone they are.
    assert!(connects(&old).await.is_err());
    assert_eq!(
        count(
            &source(&second).await,
            "SELECT count(*) FROM pg_class WHERE relname = 'mark'"
        )
        .await,
        1
    );
    assert_ne!(old.expose(), second.source_url().expose());
    assert_eq!(second.sample().documents, 300);
    second.stop().await.expect("it stops");

    let third = start(&Options {
        documents: Some(200),
        ..options
    })
    .await
    .expect("a practice");
    assert_eq!(
        count(
            &source(&third).await,
            "SELECT count(*) FROM vector_documents"
        )
        .await,
        200
    );
    third.remove().await.expect("it goes");
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_made_data_is_made_again() {
    let parent = reachable_folder();
    let folder = parent.path().join("practice");
    let options = Options {
        folder: Some(folder),
        ..small()
    };
    let cancel = CancellationToken::new();
    let say = |happening: Happening| {
        if happening.doing.starts_with("Building") {
            cancel.cancel();
        }
    };
    let cancelled = Practice::start(&options, &say, &cancel).await;
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    let standing = status(options.folder.as_deref()).await.expect("a status");
    assert!(
        standing[0].servers.is_empty() && !standing[0].in_use,
        "nothing is left running"
    );
    assert_eq!(standing[0].documents, None);
    let mut practice = start(&options).await.expect("a practice");
    assert_eq!(
        count(
            &source(&practice).await,
            "SELECT count(*) FROM vector_documents"
        )
        .await,
        300
    );
    let ended = down(options.folder.as_deref()).await.expect("down");
    assert_eq!(ended[0].servers.len(), 2);
    assert!(matches!(practice.ended().await, Error::ServerEnded { .. }));
}

#[tokio::test]
async fn a_folder_with_other_things_is_left_alone() {
    let folder = reachable_folder();
    fs::write(folder.path().join("letter.txt"), "dear").expect("written");
    let options = Options {
        folder: Some(folder.path().to_owned()),
        ..small()
    };
    assert!(matches!(
        start(&options).await,
        Err(Error::ForeignFolder { .. })
    ));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[tokio::test]
async fn a_folder_closed_to_the_servers_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root's servers belong to somebody else.
    }
    let parent = reachable_folder();
    let closed = parent.path().join("closed");
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&closed)
        .expect("a folder");
    let options = Options {
        folder: Some(closed.join("practice")),
        ..small()
    };
    assert!(
        matches!(start(&options).await, Err(Error::Unreachable { blocking, .. }) if blocking == closed.canonicalize().expect("a path"))
    );
    assert!(!closed.join("practice").exists());
}
