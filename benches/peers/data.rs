//! What is moved: databases on the source, each made once.

use crate::Result;
use crate::servers::{Contents, Login, Servers};

/// One of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    Vectors,
    Events,
    Both,
    Small,
    /// A tenth of the rows, to see how time grows with them.
    FewVectors,
    FewEvents,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) vectors: u64,
    pub(crate) events: u64,
    pub(crate) tables: u64,
}

impl Scale {
    pub(crate) const WHOLE: Self = Self {
        vectors: 60_000,
        events: 1_500_000,
        tables: 200,
    };
    /// For a look whether it works.
    pub(crate) const TINY: Self = Self {
        vectors: 100,
        events: 1_000,
        tables: 5,
    };
}

impl Set {
    pub(crate) const ALL: [Self; 6] = [
        Self::Both,
        Self::Small,
        Self::Vectors,
        Self::Events,
        Self::FewVectors,
        Self::FewEvents,
    ];

    /// The word for it on the command line, and the database's name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Events => "events",
            Self::Both => "both",
            Self::Small => "small",
            Self::FewVectors => "fewvectors",
            Self::FewEvents => "fewevents",
        }
    }

    /// Its name in the results.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Events => "events",
            Self::Both => "vectors + events",
            Self::Small => "small tables",
            Self::FewVectors => "a tenth of the vectors",
            Self::FewEvents => "a tenth of the events",
        }
    }

    fn sql(self, scale: Scale) -> Vec<String> {
        match self {
            Self::Vectors => vectors(scale.vectors),
            Self::FewVectors => vectors(scale.vectors / 10),
            Self::Events => events(scale.events),
            Self::FewEvents => events(scale.events / 10),
            Self::Both => [vectors(scale.vectors), events(scale.events)].concat(),
            Self::Small => (1..=scale.tables).map(small_table).collect(),
        }
    }
}

/// A database that is there.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) set: Set,
    pub(crate) login: Login,
    pub(crate) contents: Contents,
    pub(crate) bytes: u64,
}

impl Data {
    pub(crate) async fn make(servers: &Servers, set: Set, scale: Scale) -> Result<Self> {
        let login = servers
            .create_on_source(set.word(), &set.sql(scale))
            .await?;
        Ok(Self {
            set,
            contents: servers.contents(&login).await?,
            bytes: servers.size(&login).await?,
            login,
        })
    }
}

/// A document store as the practice source has it, with embeddings of the size that large models
/// give: they lie out of line. Components of a normal length, so that they print as embeddings do.
fn vectors(documents: u64) -> Vec<String> {
    vec![
        "CREATE EXTENSION vector;
         CREATE TABLE vector_documents (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            user_id text NOT NULL,
            collection_name text NOT NULL,
            content text NOT NULL,
            metadata jsonb NOT NULL DEFAULT '{}',
            embedding vector(768),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now());
         SELECT setseed(0.5)"
            .to_owned(),
        format!(
            "INSERT INTO vector_documents
             SELECT md5(n::text)::uuid, 'user_' || n % 40,
                    (ARRAY['applications','companies','resumes','notes','interview_questions'])[1 + n % 5],
                    'Document ' || n || ' says ' || md5((n * 7)::text) || md5((n * 11)::text),
                    jsonb_build_object('record_type', (ARRAY['a','b','c'])[1 + n % 3], 'page', n % 300,
                        'source', md5((n % 1000)::text), 'tags', jsonb_build_array('t' || n % 17, 't' || n % 29)),
                    (SELECT array_agg((random() * 0.2 - 0.1)::real) FROM generate_series(1, 768 + 0 * n))::vector,
                    timestamptz '2024-01-01Z' + n * interval '47 s', timestamptz '2024-01-02Z' + n * interval '53 s'
             FROM generate_series(1, {documents}) n"
        ),
        "CREATE INDEX vector_documents_metadata_idx ON vector_documents USING gin (metadata);
         CREATE INDEX vector_documents_user_id_idx ON vector_documents (user_id);
         CREATE INDEX vector_documents_collection_name_idx ON vector_documents (collection_name);
         CREATE INDEX vector_documents_created_at_idx ON vector_documents (created_at)"
            .to_owned(),
    ]
}

/// Narrow rows, three indexes with the primary key's.
fn events(rows: u64) -> Vec<String> {
    vec![format!(
        "CREATE TABLE events (
            id bigint PRIMARY KEY,
            device_id integer NOT NULL,
            kind text NOT NULL,
            value double precision,
            note text,
            happened_at timestamptz NOT NULL);
         SELECT setseed(0.25);
         INSERT INTO events
         SELECT n, n * 7919 % 50021, (ARRAY['click','view','purchase','signup'])[1 + n % 4],
                random() * 1000, CASE WHEN n % 3 <> 0 THEN md5(n::text) END,
                timestamptz '2024-01-01Z' + n * interval '1.7 s'
         FROM generate_series(1::bigint, {rows}) n;
         CREATE INDEX events_device_id_idx ON events (device_id, happened_at);
         CREATE INDEX events_happened_at_idx ON events (happened_at)"
    )]
}

/// A table of two hundred rows: primary key, two indexes, a foreign key to the table before.
fn small_table(number: u64) -> String {
    let before = number.saturating_sub(1).max(1);
    format!(
        "CREATE TABLE small_{number} (
            id integer PRIMARY KEY,
            parent_id integer REFERENCES small_{before} (id),
            name text NOT NULL,
            amount numeric(10, 2),
            changed_at timestamptz NOT NULL);
         INSERT INTO small_{number}
         SELECT n, n, 'name ' || md5((n * {number})::text), n / 7.0, timestamptz '2024-01-01Z' + n * interval '1 h'
         FROM generate_series(1, 200) n;
         CREATE INDEX small_{number}_name_idx ON small_{number} (name);
         CREATE INDEX small_{number}_changed_at_idx ON small_{number} (changed_at)"
    )
}
