//! Finding `pg_dump` and `pg_restore` on this machine, and choosing those for a server.

use super::child::Call;
use super::{ToolError, Version};
use futures_util::future::join_all;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The variable that names a folder with client tools (or a server's programs) to prefer.
pub const FOLDER_VARIABLE: &str = "NEONLIFT_PG_BIN";

/// How long a tool may take to tell its version; they need milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A folder's `pg_dump` and `pg_restore`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTools {
    folder: PathBuf,
    version: Version,
    /// The person named the folder.
    named: bool,
    /// Debian's `/usr/bin/pg_dump`: a script that chooses a version by the connection.
    wrapper: bool,
}

impl ClientTools {
    /// The folder they are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Their version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The path of `pg_dump`.
    pub fn pg_dump(&self) -> PathBuf {
        self.folder.join("pg_dump")
    }

    /// The path of `pg_restore`.
    pub fn pg_restore(&self) -> PathBuf {
        self.folder.join("pg_restore")
    }

    /// The path of `psql`, if it is there too. Nothing here needs it; people do.
    pub fn psql(&self) -> Option<PathBuf> {
        Some(self.folder.join("psql")).filter(|path| path.is_file())
    }
}

/// The folders to look into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    named: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Search {
    /// The folder in [`FOLDER_VARIABLE`], `PATH`, where packages of Debian, PGDG, Alpine, Homebrew,
    /// MacPorts and Postgres.app put them, and the caller's own folders.
    pub fn on_this_machine(own: &[PathBuf]) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<_> = std::env::split_paths(&path).collect();
        folders.extend(package_folders(Path::new("/")));
        folders.extend_from_slice(own);
        let named = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty());
        Self::in_folders(named.map(PathBuf::from), folders)
    }

    /// A folder that the person named, and others. Of folders that are the same by links (`/bin`
    /// and `/usr/bin`) the first is looked into.
    pub fn in_folders(named: Option<PathBuf>, mut folders: Vec<PathBuf>) -> Self {
        let mut known = HashSet::new();
        let real = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
        folders.retain(|folder| folder.is_absolute() && known.insert(real(folder)));
        Self { named, folders }
    }

    /// All client tools that are there and tell their version.
    ///
    /// # Errors
    /// [`ToolError::Missing`] when there are none.
    pub async fn all(&self) -> Result<Vec<ClientTools>, ToolError> {
        let found = self.look_everywhere().await;
        if found.is_empty() {
            Err(self.missing(None))
        } else {
            Ok(found)
        }
    }

    /// The client tools to use with a server of this `server_version_num`: those of the named
    /// folder when they are new enough, else the lowest version that is.
    ///
    /// # Errors
    /// [`ToolError::Missing`] when there are none at all, [`ToolError::TooOld`] when none is new
    /// enough.
    pub async fn for_server(&self, server_version_num: u32) -> Result<ClientTools, ToolError> {
        let server = Version::of_server(server_version_num);
        let found = self.look_everywhere().await;
        if found.is_empty() {
            return Err(self.missing(Some(server)));
        }
        best(&found, server)
            .cloned()
            .ok_or_else(|| ToolError::TooOld {
                found: found
                    .iter()
                    .map(|tools| (tools.pg_dump(), tools.version))
                    .collect(),
                server,
            })
    }

    async fn look_everywhere(&self) -> Vec<ClientTools> {
        let named = self.named.iter().map(|folder| look(folder, true));
        let others = self.folders.iter().map(|folder| look(folder, false));
        let (mut found, others) = tokio::join!(join_all(named), join_all(others));
        found.extend(others);
        found.into_iter().flatten().collect()
    }

    fn missing(&self, needed: Option<Version>) -> ToolError {
        let searched = self.named.iter().chain(&self.folders).cloned().collect();
        ToolError::Missing { searched, needed }
    }
}

/// The lowest sufficient major version, because its output suits the server and the target best;
/// of it a real program before Debian's wrapper, and then the newest.
fn best(found: &[ClientTools], server: Version) -> Option<&ClientTools> {
    let enough = found.iter().filter(|tools| tools.version.reads(server));
    enough.min_by_key(|tools| {
        let Version { major, minor } = tools.version;
        (!tools.named, major, tools.wrapper, std::cmp::Reverse(minor))
    })
}

/// The tools in a folder; none when one is missing or does not run.
async fn look(folder: &Path, named: bool) -> Option<ClientTools> {
    let pg_dump = folder.join("pg_dump");
    if !pg_dump.is_file() || !folder.join("pg_restore").is_file() {
        return None;
    }
    let target = pg_dump.canonicalize().ok()?;
    let wrapper = target.file_name().is_some_and(|name| name == "pg_wrapper");
    let call = Call {
        tool: &pg_dump,
        environment: &[],
        arguments: vec!["--version".into()],
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, call.command().output())
        .await
        .ok()?
        .ok()?;
    let version = Version::printed(&String::from_utf8_lossy(&answer.stdout))?;
    Some(ClientTools {
        folder: folder.to_owned(),
        version,
        named,
        wrapper,
    })
}

/// Where packages put PostgreSQL's programs, under this root.
fn package_folders(root: &Path) -> Vec<PathBuf> {
    [
        ("usr/lib/postgresql", "", "bin"),
        ("usr", "pgsql-", "bin"),
        ("usr/libexec", "postgresql", ""),
        ("opt/homebrew/opt", "postgresql", "bin"),
        ("opt/homebrew/opt", "libpq", "bin"),
        ("usr/local/opt", "postgresql", "bin"),
        ("usr/local/opt", "libpq", "bin"),
        ("home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
        ("home/linuxbrew/.linuxbrew/opt", "libpq", "bin"),
        ("opt/local/lib", "postgresql", "bin"),
        ("Applications/Postgres.app/Contents/Versions", "", "bin"),
    ]
    .into_iter()
    .flat_map(|(parent, prefix, inner)| versions(&root.join(parent), prefix, inner))
    .collect()
}

/// `inner` of each folder in `parent` whose name begins with `prefix`, in order of names.
fn versions(parent: &Path, prefix: &str, inner: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let fitting = entries.filter(|e| e.file_name().to_string_lossy().starts_with(prefix));
    let mut folders: Vec<_> = fitting
        .map(|entry| entry.path().join(inner))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::os::unix::fs::symlink;

    /// A folder with programs that tell this version. They are links to scripts of the
    /// repository: a script just written may be "busy" while another test starts a process.
    fn install(folder: &Path, version: &str, script: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/tools")
            .join(script);
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("version"), format!("{version}\n")).unwrap();
        for tool in ["pg_dump", "pg_restore"] {
            symlink(&script, folder.join(tool)).unwrap();
        }
    }

    fn tools(folder: &str, major: u32, minor: u32) -> ClientTools {
        let version = Version { major, minor };
        ClientTools {
            folder: folder.into(),
            version,
            named: folder == "named",
            wrapper: folder == "wrapper",
        }
    }

    #[rstest]
    #[case::lowest_that_is_enough(150_004, "15")]
    #[case::equal_versions_real_first(160_001, "16 new")]
    #[case::named_wins(130_000, "named")]
    fn the_best_tools_are_chosen(#[case] server: u32, #[case] expected: &str) {
        let found = [
            tools("wrapper", 16, 20),
            tools("named", 14, 1),
            tools("17", 17, 1),
            tools("16 old", 16, 1),
            tools("16 new", 16, 9),
            tools("15", 15, 2),
        ];
        let best = best(&found, Version::of_server(server)).unwrap();
        assert_eq!(best.folder(), Path::new(expected));
    }

    #[tokio::test]
    async fn folders_of_packages_and_the_wrapper_are_found_by_asking() {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().join("usr/lib/postgresql/17/bin");
        install(&real, "17.2 (Debian 17.2-1)", "tells_version");
        install(
            &root.path().join("opt/homebrew/opt/postgresql@18/bin"),
            "18beta1",
            "tells_version",
        );
        install(
            &root.path().join("usr/lib/postgresql/16/bin"),
            "broken",
            "tells_version",
        );
        let usr_bin = root.path().join("usr/bin");
        install(&usr_bin, "17.2", "pg_wrapper");
        let bin = root.path().join("bin");
        symlink(&usr_bin, &bin).unwrap();
        let mut folders = vec![usr_bin, bin];
        folders.extend(package_folders(root.path()));
        let search = Search::in_folders(None, folders);
        assert_eq!(search.all().await.unwrap().len(), 3);
        let chosen = search.for_server(160_000).await.unwrap();
        assert_eq!(chosen.folder(), real);
        assert_eq!(
            search.for_server(180_000).await.unwrap().version().major,
            18
        );
        let refused = search.for_server(190_000).await.unwrap_err();
        assert!(matches!(refused, ToolError::TooOld { ref found, .. } if found.len() == 3));
    }

    #[tokio::test]
    async fn nothing_found_says_where_it_was_searched() {
        let empty = tempfile::tempdir().unwrap();
        let search = Search::in_folders(Some(empty.path().into()), vec!["/nowhere/bin".into()]);
        let ToolError::Missing { searched, .. } = search.for_server(160_000).await.unwrap_err()
        else {
            panic!("found something");
        };
        assert_eq!(searched, [empty.path(), Path::new("/nowhere/bin")]);
        assert!(matches!(
            search.all().await,
            Err(ToolError::Missing { needed: None, .. })
        ));
    }
}
