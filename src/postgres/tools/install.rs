//! How PostgreSQL's client tools are installed on this operating system.

/// A family of systems with one way to install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Debian, Ubuntu and what is made of them.
    Debian,
    /// Fedora, RHEL and what is made of them.
    Fedora,
    /// Arch and what is made of it.
    Arch,
    /// Alpine.
    Alpine,
    /// openSUSE and SLES.
    Suse,
    /// macOS with Homebrew.
    MacOs,
    /// Anything else.
    Other,
}

impl System {
    /// The system that this program runs on, from its build target and `/etc/os-release`.
    pub fn here() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        Self::from_os_release(&release)
    }

    /// Reads `ID` and `ID_LIKE` of an os-release file (freedesktop.org's format).
    fn from_os_release(release: &str) -> Self {
        let value = |key| {
            let line = release.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap_or_default()
                .trim_matches(['"', '\''])
                .to_owned()
        };
        let ids = value("ID=") + " " + &value("ID_LIKE=");
        let family = ids.split_whitespace().find_map(|id| match id {
            "debian" | "ubuntu" => Some(Self::Debian),
            "fedora" | "rhel" | "centos" | "amzn" => Some(Self::Fedora),
            "arch" => Some(Self::Arch),
            "alpine" => Some(Self::Alpine),
            "suse" | "opensuse" | "sles" => Some(Self::Suse),
            _ => None,
        });
        family.unwrap_or(Self::Other)
    }

    /// Steps that install the client tools, commands after `$ `: of this major version or newer,
    /// or of whatever version the system has.
    pub fn install_advice(self, major: Option<u32>) -> Vec<String> {
        let number = major.map(|m| m.to_string()).unwrap_or_default();
        let command = match (self, major) {
            (Self::Debian, None) => "sudo apt install postgresql-client".to_owned(),
            (Self::Debian, Some(_)) => format!("sudo apt install postgresql-client-{number}"),
            (Self::Fedora, _) => format!("sudo dnf install postgresql{number}"),
            (Self::Arch, _) => "sudo pacman -S postgresql-libs".to_owned(),
            (Self::Alpine, _) => format!("sudo apk add postgresql{number}-client"),
            (Self::Suse, _) => format!("sudo zypper install postgresql{number}"),
            (Self::MacOs, None) => "brew install libpq".to_owned(),
            (Self::MacOs, Some(_)) => format!("brew install postgresql@{number}"),
            (Self::Other, _) => {
                return vec![format!(
                    "Install PostgreSQL's client tools{}: https://www.postgresql.org/download/",
                    major
                        .map(|m| format!(", version {m} or newer"))
                        .unwrap_or_default()
                )];
            }
        };
        let mut advice = vec![format!("$ {command}")];
        if major.is_some() {
            advice.extend(self.newer_packages());
        }
        advice
    }

    /// Where a version comes from that the system itself does not have: the repository of the
    /// PostgreSQL project (PGDG).
    fn newer_packages(self) -> Vec<String> {
        let first = "When that package is unknown, add PostgreSQL's own repository (PGDG) first";
        match self {
            // Debian's package postgresql-common brings the script; its name is the repository's.
            Self::Debian => vec![
                format!("{first}:"),
                "$ sudo apt install postgresql-common".to_owned(),
                "$ sudo /usr/share/postgresql-common/pgdg/apt.*.sh".to_owned(),
            ],
            Self::Fedora => vec![format!(
                "{first}: https://www.postgresql.org/download/linux/redhat/"
            )],
            Self::Suse => vec![format!(
                "{first}: https://www.postgresql.org/download/linux/suse/"
            )],
            Self::Arch | Self::Alpine | Self::MacOs | Self::Other => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", System::Debian)]
    #[case("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", System::Debian)]
    #[case("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", System::Fedora)]
    #[case(
        "VERSION_ID=1\nID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n",
        System::Suse
    )]
    #[case("ID=alpine\n", System::Alpine)]
    #[case("", System::Other)]
    fn the_family_is_read_from_os_release(#[case] release: &str, #[case] expected: System) {
        assert_eq!(System::from_os_release(release), expected);
    }

    #[test]
    fn the_command_names_the_version_that_is_needed() {
        let advice = System::Debian.install_advice(Some(17));
        assert_eq!(advice[0], "$ sudo apt install postgresql-client-17");
        assert!(advice.iter().any(|line| line.contains("PGDG")));
        assert_eq!(
            System::MacOs.install_advice(Some(16)),
            ["$ brew install postgresql@16"]
        );
        assert_eq!(
            System::Alpine.install_advice(None),
            ["$ sudo apk add postgresql-client"]
        );
    }
}
