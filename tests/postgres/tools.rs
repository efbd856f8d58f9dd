//! Client tools: backups and schemas.

use crate::server::{Server, one_of_each, plain};
use neonlift::failure::{Explain, Severity};
use neonlift::postgres::tools::{
    ClientTools, Search, ToolError, Watch, dump_archive, dump_definitions, list_archive,
};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

const QUIET: Watch<'_> = Watch {
    bytes: &|_| {},
    table: &|_| {},
    written: &|| {},
};

/// The tools that this machine would use for the server.
async fn tools_of(server: &Server) -> ClientTools {
    let version = server.sql("postgres", "SHOW server_version_num").await;
    let tools = Search::on_this_machine(&[server.bin().to_owned()])
        .for_server(version.parse().unwrap())
        .await;
    tools.unwrap()
}

fn environment_of(server: &Server, database: &str) -> Vec<(&'static str, OsString)> {
    let place = server.place("").with_database(database);
    place.tool_environment()
}

/// A database with a table of rows that do not compress.
async fn fill(server: &Server, database: &str, rows: u32) {
    server.create_database(database).await;
    let sql = format!(
        "CREATE TABLE noise AS SELECT n, (SELECT string_agg(md5(n::text || i::text), '') FROM \
         generate_series(1, 100) i) AS t FROM generate_series(1, {rows}) n"
    );
    server.sql(database, &sql).await;
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_backup_is_counted_hashed_listed_and_restorable() {
    for server in one_of_each() {
        fill(server, "backed_up", 2_000).await;
        let tools = tools_of(server).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local_db.dump");
        let (seen, tables) = (AtomicU64::new(0), Mutex::new(Vec::new()));
        let watch = Watch {
            bytes: &|bytes| assert!(seen.swap(bytes, Ordering::Relaxed) < bytes),
            table: &|table| tables.lock().unwrap().push(table.to_owned()),
            written: &|| {},
        };
        let cancel = CancellationToken::new();
        let environment = environment_of(server, "backed_up");
        std::fs::write(
            folder.path().join("local_db.dump.partial"),
            "left by a kill",
        )
        .unwrap();
        let archive = dump_archive(&tools, &environment, &[], &file, &watch, &cancel)
            .await
            .unwrap();

        let content = std::fs::read(&file).unwrap();
        assert!(content.len() > 3_000_000);
        assert_eq!(
            (archive.bytes, seen.into_inner()),
            (content.len() as u64, content.len() as u64)
        );
        let hash: String = Sha256::digest(&content)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(archive.sha256, hash);
        assert_eq!(tables.into_inner().unwrap(), ["public.noise"]);
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(files_in(folder.path()).len(), 2, "with its listing");
        let listed = std::fs::read_to_string(&archive.contents_file).unwrap();
        let contents = list_archive(&tools, &file, &cancel).await.unwrap();
        assert_eq!(listed, contents.text);
        assert_eq!(archive.contents, contents);
        assert_eq!(contents.entries, 2, "{}", contents.text);
        assert!(contents.text.contains("TABLE DATA public noise"));

        server.create_database("restored").await;
        let mut restore = Command::new(tools.pg_restore());
        restore
            .envs(environment_of(server, "restored"))
            .args(["--no-owner", "-j2", "-d", "restored"])
            .arg(&file);
        assert!(restore.status().unwrap().success());
        let sum = "SELECT sum(hashtextextended(noise::text, 0)) FROM noise";
        let expected = server.sql("backed_up", sum).await;
        assert_eq!(server.sql("restored", sum).await, expected);
    }
}

#[tokio::test]
async fn a_cancelled_or_failed_backup_leaves_nothing_behind() {
    let server = plain();
    fill(server, "stopped", 10_000).await;
    let tools = tools_of(server).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.dump");
    let filled = environment_of(server, "stopped");

    let cancel = CancellationToken::new();
    let watch = Watch {
        bytes: &|bytes| {
            if bytes > 100_000 {
                cancel.cancel()
            }
        },
        table: &|_| {},
        written: &|| {},
    };
    let stopped = dump_archive(&tools, &filled, &[], &file, &watch, &cancel)
        .await
        .unwrap_err();
    assert!(matches!(stopped, ToolError::Cancelled { .. }));
    assert_eq!(stopped.failure().severity, Severity::Interrupted);

    // What cannot be read back is no backup.
    let cancel = CancellationToken::new();
    let programs = tempfile::tempdir().unwrap();
    let named = |name| programs.path().join(name);
    std::os::unix::fs::symlink(tools.pg_dump(), named("pg_dump")).unwrap();
    let refusing = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exec {} --version\necho refused >&2; exit 1\n",
        tools.pg_restore().display()
    );
    std::fs::write(named("pg_restore"), refusing).unwrap();
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(named("pg_restore"), runs).unwrap();
    let search = Search::in_folders(Some(programs.path().to_owned()), Vec::new());
    let deaf = search.all().await.unwrap().remove(0);
    let unread = dump_archive(&deaf, &filled, &[], &file, &QUIET, &cancel).await;
    assert!(unread.unwrap_err().to_string().contains("refused"));
    assert_eq!(files_in(folder.path()), [""; 0]);

    let nope = environment_of(server, "nope");
    let failed = dump_archive(&tools, &nope, &[], &file, &QUIET, &cancel)
        .await
        .unwrap_err();
    assert!(
        failed
            .to_string()
            .contains("database \"nope\" does not exist"),
        "{failed}"
    );
    assert_eq!(files_in(folder.path()), [""; 0]);

    std::fs::write(&file, "precious").unwrap();
    let refused = dump_archive(&tools, &filled, &[], &file, &QUIET, &cancel)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            ToolError::File {
                action: "create",
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");

    let garbled = list_archive(&tools, &file, &cancel).await.unwrap_err();
    assert!(
        garbled.failure().advice[0].contains("Make the backup again"),
        "{:?}",
        garbled.failure()
    );
}

#[tokio::test]
async fn both_halves_of_the_schema_come_as_utf8() {
    for server in one_of_each() {
        server
            .create_database("latin ENCODING 'LATIN1' TEMPLATE template0")
            .await;
        let table = "CREATE TABLE \"Häuser\" (id integer PRIMARY KEY)";
        server.sql("latin", table).await;
        let (tools, environment) = (tools_of(server).await, environment_of(server, "latin"));
        let cancel = CancellationToken::new();
        let halves = dump_definitions(&tools, &environment, None, &cancel).await;
        let (before, after) = halves.unwrap();
        assert!(
            before.contains("CREATE TABLE public.\"Häuser\"") && !before.contains("PRIMARY KEY")
        );
        assert!(after.contains("PRIMARY KEY") && !after.contains("CREATE TABLE"));
    }
}

#[tokio::test]
async fn the_schema_is_that_of_the_snapshot() {
    for server in one_of_each() {
        server.create_database("held").await;
        server.sql("held", "CREATE TABLE early ()").await;
        let (tools, environment) = (tools_of(server).await, environment_of(server, "held"));
        let cancel = CancellationToken::new();
        let dump = |snapshot: String| {
            let (tools, environment, cancel) = (&tools, &environment, &cancel);
            async move {
                let halves = dump_definitions(tools, environment, Some(&snapshot), cancel).await;
                halves.map(|(before, _)| before)
            }
        };
        let holder = server.connect("held").await;
        holder
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            .await
            .unwrap();
        let row = holder
            .query_one("SELECT pg_export_snapshot()", &[])
            .await
            .unwrap();
        server.sql("held", "CREATE TABLE late ()").await;
        let held = dump(row.get(0)).await.unwrap();
        assert!(held.contains("public.early") && !held.contains("public.late"));

        // The end of its session alone would come when the server gets to it.
        holder.batch_execute("COMMIT").await.unwrap();
        let gone = dump(row.get(0)).await.unwrap_err().failure();
        assert!(gone.advice[0].contains("takes a new one"), "{gone:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_read_all_is_told_so() {
    let server = plain();
    server.create_database("guarded").await;
    server.create_role("weak", "").await;
    server
        .sql("guarded", "CREATE TABLE rows (id integer)")
        .await;
    let tools = tools_of(server).await;
    let mut weak = environment_of(server, "guarded");
    weak.push(("PGUSER", "weak".into()));
    let folder = tempfile::tempdir().unwrap();
    let (file, cancel) = (folder.path().join("x.dump"), CancellationToken::new());
    let denied = dump_archive(&tools, &weak, &[], &file, &QUIET, &cancel)
        .await
        .unwrap_err();
    assert!(
        denied
            .failure()
            .why
            .contains("permission denied for table rows"),
        "{denied:?}"
    );

    let sql = "GRANT SELECT ON rows TO weak; ALTER TABLE rows ENABLE ROW LEVEL SECURITY";
    server.sql("guarded", sql).await;
    let hidden = dump_archive(&tools, &weak, &[], &file, &QUIET, &cancel)
        .await
        .unwrap_err();
    assert!(
        hidden.failure().advice.join(" ").contains("BYPASSRLS"),
        "{hidden:?}"
    );
}
