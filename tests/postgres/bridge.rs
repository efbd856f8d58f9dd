//! PostgreSQL's own tools over the bridge: of every installation, with TLS of their own or without,
//! to a server with TLS, with the login bound to the channel.

use crate::server::{PASSWORD, Server, one_of_each, plain, with_tls};
use neonlift::postgres::ConnectionString;
use neonlift::recovery::bridge::Bridge;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

async fn bridge(target: &ConnectionString) -> Bridge {
    let opened = Bridge::open(target, &CancellationToken::new()).await;
    opened.unwrap_or_else(|error| panic!("{error:?}"))
}

/// A tool with nothing in its environment but what the bridge gives it.
fn tool(server: &Server, name: &str, bridge: &Bridge) -> Command {
    let mut command = Command::new(server.bin().join(name));
    command
        .env_clear()
        .envs(bridge.environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What it prints; its complaint when it fails.
async fn output(mut command: Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

async fn asked(server: &Server, bridge: &Bridge, sql: &str) -> Result<String, String> {
    let mut psql = tool(server, "psql", bridge);
    psql.args(["-XAtw", "-v", "ON_ERROR_STOP=1", "-c", sql]);
    output(psql).await
}

#[tokio::test]
async fn tools_without_tls_reach_a_server_with_it_bound_to_the_channel() {
    let Some(server) = with_tls() else { return };
    let strict = "sslmode=require channel_binding=require";
    let bridge = bridge(&server.place_of("tls_only", strict)).await;
    for tools in one_of_each() {
        let sql = "SELECT ssl, current_user FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let told = asked(tools, &bridge, sql).await;
        assert_eq!(told.as_deref(), Ok("t|tls_only"), "{:?}", tools.bin());
    }
    bridge.close().await;
}

/// Each mode of encryption means over the bridge what it means without.
#[tokio::test]
async fn every_sslmode_is_kept() {
    let Some(server) = with_tls() else { return };
    for (user, mode, expected) in [
        ("postgres", "disable", Some("f")),
        ("postgres", "allow", Some("f")),
        ("postgres", "prefer", Some("t")),
        ("postgres", "require", Some("t")),
        ("tls_only", "allow", Some("t")),
        ("plain_only", "prefer", Some("f")),
        ("postgres", "verify-full", None),
    ] {
        let place = server.place_of(user, &format!("sslmode={mode}"));
        let opened = Bridge::open(&place, &CancellationToken::new()).await;
        let Some(expected) = expected else {
            assert!(opened.is_err(), "{mode} is not verified");
            continue;
        };
        let bridge = opened.unwrap();
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let told = asked(server, &bridge, sql).await;
        assert_eq!(told.as_deref(), Ok(expected), "{user} {mode}");
        bridge.close().await;
    }
}

#[tokio::test]
async fn a_dump_over_it_is_the_dump_without_it() {
    for server in [Some(plain()), with_tls()].into_iter().flatten() {
        server.create_database("bridged").await;
        let sql =
            "CREATE TABLE noise AS SELECT n, md5(n::text) AS t FROM generate_series(1, 30000) n;
                   CREATE TABLE large AS SELECT repeat(md5('x'), 1000000) AS t";
        server.sql("bridged", sql).await;
        let place = server.place("").with_database("bridged");
        let bridge = bridge(&place).await;
        let mut over = tool(server, "pg_dump", &bridge);
        over.args(["--no-password"]);
        let mut without = tool(server, "pg_dump", &bridge);
        without.env_clear().envs(place.tool_environment());
        let without_random = |text: String| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains("restrict "));
            lines.map(str::to_owned).collect()
        };
        let over = without_random(output(over).await.unwrap());
        assert!(over.len() > 30_000);
        assert_eq!(over, without_random(output(without).await.unwrap()));
        bridge.close().await;
    }
}

#[tokio::test]
async fn nobody_else_may_enter_and_nothing_stays() {
    let server = plain();
    let bridge = bridge(&server.place("")).await;
    let folder = bridge.folder().to_owned();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let environment = format!("{:?}", bridge.environment());
    assert!(!environment.contains(PASSWORD), "{environment}");
    bridge.close().await;
    assert!(!folder.exists(), "the socket's folder stays");
}

/// A psql that reads from us, so that it stays as long as it is wanted.
fn talking(server: &Server, bridge: &Bridge) -> Child {
    let mut psql = tool(server, "psql", bridge);
    psql.args(["-XAtwq"]).spawn().unwrap()
}

async fn said(psql: &mut Child, sql: &str) -> String {
    let stdin = psql.stdin.as_mut().unwrap();
    stdin
        .write_all(format!("{sql}\n").as_bytes())
        .await
        .unwrap();
    stdin.flush().await.unwrap();
    let mut line = String::new();
    let stdout = psql.stdout.as_mut().unwrap();
    while !line.ends_with('\n') {
        let byte = stdout.read_u8().await.unwrap();
        line.push(char::from(byte));
    }
    line.trim().to_owned()
}

#[tokio::test]
async fn a_tool_never_knows_the_password_while_several_are_at_work() {
    let server = plain();
    let bridge = bridge(&server.place("")).await;
    let mut several: Vec<Child> = (0..5).map(|_| talking(server, &bridge)).collect();
    let mut pids = Vec::new();
    for psql in &mut several {
        pids.push(said(psql, "SELECT pg_backend_pid();").await);
    }
    pids.sort();
    pids.dedup();
    assert_eq!(pids.len(), 5, "each has a session of its own");
    for psql in &several {
        let process = format!("/proc/{}", psql.id().unwrap());
        for file in ["environ", "cmdline"] {
            let Ok(bytes) = std::fs::read(Path::new(&process).join(file)) else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.contains("psql") || text.contains("PGHOST"), "{text}");
            assert!(!text.contains(PASSWORD), "{file} holds the password");
            assert!(!text.contains("PGPASS"), "{file} names a password");
        }
    }
    // Their end ends the sessions on the server, too.
    drop(several);
    bridge.close().await;
    let left = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE pid IN ({})",
        pids.join(", ")
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while server.sql("postgres", &left).await != "0" {
        assert!(std::time::Instant::now() < deadline, "sessions stay");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// psql sends a request to cancel over a connection of its own.
#[tokio::test]
async fn a_statement_is_cancelled_over_it() {
    for server in [Some(plain()), with_tls()].into_iter().flatten() {
        let bridge = bridge(&server.place("")).await;
        let mut psql = talking(server, &bridge);
        let pid = said(&mut psql, "SELECT pg_backend_pid();").await;
        let stdin = psql.stdin.as_mut().unwrap();
        let sleep = "SELECT pg_sleep(600);\n\\echo over\n";
        stdin.write_all(sleep.as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
        let asleep = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"
        );
        while server.sql("postgres", &asleep).await != "1" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let process = rustix::process::Pid::from_raw(psql.id().unwrap().try_into().unwrap());
        rustix::process::kill_process(process.unwrap(), rustix::process::Signal::INT).unwrap();
        // Interactively psql goes on; a script ends. Either way the server stops.
        while server.sql("postgres", &asleep).await != "0" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        drop(psql);
        bridge.close().await;
    }
}

#[tokio::test]
async fn it_leads_nowhere_else() {
    let server = plain();
    server.create_database("elsewhere").await;
    let bridge = bridge(&server.place("")).await;
    for (name, value) in [("PGDATABASE", "elsewhere"), ("PGUSER", "plain_only")] {
        let mut psql = tool(server, "psql", &bridge);
        psql.env(name, value).args(["-Xc", "SELECT 1"]);
        let refused = output(psql).await.unwrap_err();
        assert!(
            refused.contains("leads to the database postgres"),
            "{refused}"
        );
    }
    bridge.close().await;
}

#[tokio::test]
async fn a_refusal_is_told_in_the_servers_words_and_without_the_password() {
    let server = plain();
    server.create_role("bridged_few", "").await;
    let bridge = bridge(&server.place_of("bridged_few", "")).await;
    let limit = "ALTER ROLE bridged_few CONNECTION LIMIT 0";
    server.sql("postgres", limit).await;
    let refused = asked(server, &bridge, "SELECT 1").await.unwrap_err();
    assert!(
        refused.contains("too many connections for role"),
        "{refused}"
    );
    assert!(!refused.contains(PASSWORD), "{refused}");
    bridge.close().await;
}

/// Dropped without a word, say because a step was given up, it leaves nothing either.
#[tokio::test]
async fn dropped_it_ends_too() {
    let server = plain();
    let bridge = bridge(&server.place("")).await;
    let folder = bridge.folder().to_owned();
    let mut psql = talking(server, &bridge);
    said(&mut psql, "SELECT 1;").await;
    drop(bridge);
    assert!(!folder.exists());
    let stdin = psql.stdin.as_mut().unwrap();
    stdin.write_all(b"SELECT 2;\n").await.unwrap();
    let ended = psql.wait().await.unwrap();
    assert!(!ended.success(), "{ended}");
}
