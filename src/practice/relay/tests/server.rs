//! The PostgreSQL server behind the relay under test, one for all tests that run at a time, and
//! the psql that they use.

use crate::postgres::tools::Search;
use crate::practice::account::Account;
use crate::practice::plan::Plan;
use crate::practice::{binaries, server};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use tokio::process::Command;
use tokio::sync::Mutex;

pub(super) const USER: &str = "owner";
static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());

pub(super) struct Server {
    pub(super) psql: Psql,
    // The server comes before its folder: it has to be gone first.
    server: server::Server,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// [`USER`]'s password.
    pub(super) fn password(&self) -> &str {
        self.server.password().expose()
    }
}

/// A psql of this machine: one that speaks TLS, if there is one.
pub(super) struct Psql {
    pub(super) path: PathBuf,
    pub(super) speaks_tls: bool,
}

/// What a psql without TLS says to `sslmode=require`.
pub(super) const WITHOUT_TLS: &str = "SSL support is not compiled in";

impl Psql {
    /// Looks for one, `bin`'s last.
    async fn find(bin: &Path) -> Self {
        let tools = Search::on_this_machine(&[]).all().await;
        for path in tools.iter().flatten().filter_map(|tools| tools.psql()) {
            if speaks_tls(&path).await {
                return Self {
                    path,
                    speaks_tls: true,
                };
            }
        }
        let path = bin.join("psql");
        Self {
            speaks_tls: speaks_tls(&path).await,
            path,
        }
    }
}

async fn speaks_tls(psql: &Path) -> bool {
    let nowhere = "host=/nowhere sslmode=require";
    let output = Command::new(psql).args(["-d", nowhere]).output().await;
    !String::from_utf8_lossy(&output.unwrap().stderr).contains(WITHOUT_TLS)
}

/// The shared server, started if none runs.
pub(super) async fn postgres() -> Arc<Server> {
    let mut shared = SHARED.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(start().await);
    *shared = Arc::downgrade(&server);
    server
}

async fn start() -> Server {
    let account = Account::for_servers().unwrap();
    let binaries = binaries::find_for(account.as_ref(), &|_| {}).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The servers' user has to get in.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
    let plan = Plan {
        name: "behind",
        place: folder.path(),
        superuser: USER,
        settings: "fsync = off\n".to_owned(),
        binaries: &binaries,
        account: account.as_ref(),
    };
    Server {
        psql: Psql::find(&binaries.bin).await,
        server: server::Server::start(&plan).await.unwrap(),
        _folder: folder,
    }
}
