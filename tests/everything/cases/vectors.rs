//! pgvector's types and indexes.

use super::{Case, vector};

pub(super) const CASES: &[Case] = &[
    vector(
        "vector_types",
        "CREATE DOMAIN embedding AS vector(3); CREATE TYPE labelled AS (label text, at vector(2));
         CREATE TABLE vectors (id int, v vector(3), any_v vector, h halfvec(3), any_h halfvec, s sparsevec(5), any_s sparsevec, b bit(8), e embedding,
            many vector(2)[], pair labelled, halves halfvec[]);
         INSERT INTO vectors VALUES (1, '[1,-2.5,3.4028235e38]', '[1]', '[1,-2.5,65504]', '[1,2]', '{1:1.5,5:-2}/5', '{3:7}/1000000000', B'10101010', '[0.1,0.2,0.3]',
            ARRAY['[1,2]', NULL, '[3,4]']::vector[], ('a', '[1,2]'), ARRAY['[1]', '[1,2]']::halfvec[]),
            (2, '[-0,0,1e-45]', '[5,6,7]', '[-0,6e-08,0]', NULL, '{}/5', '{}/1', B'00000000', NULL, '{}', (NULL, NULL), '{}');
         INSERT INTO vectors VALUES (3);
         INSERT INTO vectors (id, any_v) SELECT 4, array_fill(0.5, ARRAY[16000])::vector;",
    ),
    vector(
        "hnsw_indexes",
        "CREATE TABLE points (id int PRIMARY KEY, v vector(8), h halfvec(8), s sparsevec(8), b bit(8));
         INSERT INTO points SELECT n, (SELECT array_agg(((n * i) % 13)::real) FROM generate_series(1, 8) i)::vector, (SELECT array_agg(((n * i) % 11)::real) FROM generate_series(1, 8) i)::halfvec,
            ('{1:' || n || ',8:2}/8')::sparsevec, (n % 256)::bit(8) FROM generate_series(1, 300) n;
         CREATE INDEX v_l2 ON points USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32); CREATE INDEX v_ip ON points USING hnsw (v vector_ip_ops);
         CREATE INDEX v_cosine ON points USING hnsw (v vector_cosine_ops) WHERE id > 10; CREATE INDEX v_l1 ON points USING hnsw (v vector_l1_ops);
         CREATE INDEX h_l2 ON points USING hnsw (h halfvec_l2_ops); CREATE INDEX h_ip ON points USING hnsw (h halfvec_ip_ops); CREATE INDEX h_cosine ON points USING hnsw (h halfvec_cosine_ops);
         CREATE INDEX h_l1 ON points USING hnsw (h halfvec_l1_ops); CREATE INDEX s_l2 ON points USING hnsw (s sparsevec_l2_ops); CREATE INDEX s_ip ON points USING hnsw (s sparsevec_ip_ops);
         CREATE INDEX s_cosine ON points USING hnsw (s sparsevec_cosine_ops); CREATE INDEX s_l1 ON points USING hnsw (s sparsevec_l1_ops);
         CREATE INDEX b_hamming ON points USING hnsw (b bit_hamming_ops); CREATE INDEX b_jaccard ON points USING hnsw (b bit_jaccard_ops);
         CREATE INDEX as_half ON points USING hnsw ((v::halfvec(8)) halfvec_cosine_ops); CREATE INDEX of_part ON points USING hnsw ((subvector(v, 1, 4)::vector(4)) vector_l2_ops);
         CREATE INDEX quantized ON points USING hnsw ((binary_quantize(v)::bit(8)) bit_hamming_ops);",
    ),
    vector(
        "ivfflat_indexes",
        "CREATE TABLE points (id int PRIMARY KEY, v vector(4), h halfvec(4), b bit(4));
         INSERT INTO points SELECT n, ARRAY[n, 1, n % 7, 0.5]::vector, ARRAY[n, 1, n % 7, 0.5]::halfvec, (n % 16)::bit(4) FROM generate_series(1, 300) n;
         CREATE INDEX v_l2 ON points USING ivfflat (v vector_l2_ops) WITH (lists = 5); CREATE INDEX v_ip ON points USING ivfflat (v vector_ip_ops) WITH (lists = 3);
         CREATE INDEX v_cosine ON points USING ivfflat (v vector_cosine_ops) WITH (lists = 3); CREATE INDEX h_l2 ON points USING ivfflat (h halfvec_l2_ops) WITH (lists = 3);
         CREATE INDEX h_ip ON points USING ivfflat (h halfvec_ip_ops) WITH (lists = 3); CREATE INDEX h_cosine ON points USING ivfflat (h halfvec_cosine_ops) WITH (lists = 3);
         CREATE INDEX b_hamming ON points USING ivfflat (b bit_hamming_ops) WITH (lists = 3);",
    ),
];
