//! The comment that pg_dump puts above each of its entries.

/// What the comment says. pg_dump writes it in `_printTocEntry` (pg_backup_archiver.c), with line
/// ends in names replaced by blanks: `-- Name: a b; Type: TRIGGER; Schema: public; Owner: -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: String,
    pub(super) kind: String,
    pub(super) schema: Option<String>,
}

impl Header {
    /// Reads the comment's middle line. From the right, because names may hold anything, even
    /// `; Type: TABLE`.
    pub(super) fn read(line: &str) -> Option<Self> {
        let named = [
            "-- Name: ",
            "-- Data for Name: ",
            "-- Statistics for Name: ",
        ];
        let rest = named.iter().find_map(|prefix| line.strip_prefix(prefix))?;
        let (rest, _owner) = rest.rsplit_once("; Owner: ")?;
        let (rest, schema) = rest.rsplit_once("; Schema: ")?;
        let (tag, kind) = rest.rsplit_once("; Type: ")?;
        let upper = |c: char| c.is_ascii_uppercase() || c == ' ';
        (!kind.is_empty() && kind.chars().all(upper)).then(|| Self {
            tag: tag.to_owned(),
            kind: kind.to_owned(),
            schema: (schema != "-").then(|| schema.to_owned()),
        })
    }
}

/// Recognises the whole comment from its lines, given one after the other:
/// `--`, in verbose dumps `-- TOC entry …` and `-- Dependencies: …`, the header's line, `--`.
#[derive(Debug, Default)]
pub(super) struct Recogniser {
    opened: bool,
    read: Option<Header>,
}

impl Recogniser {
    /// The next line comment. Gives the header when this line closes it.
    pub(super) fn line(&mut self, comment: &str) -> Option<Header> {
        let comment = comment.trim_end();
        if comment == "--" {
            self.opened = true;
            return self.read.take();
        }
        let before_header = ["-- TOC entry ", "-- Dependencies: "];
        if !before_header
            .iter()
            .any(|prefix| comment.starts_with(prefix))
        {
            self.read = self.opened.then(|| Header::read(comment)).flatten();
            self.opened = false;
        }
        None
    }

    /// Something other than blanks and line comments came.
    pub(super) fn interrupt(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::simple(
        "-- Name: x; Type: TABLE; Schema: public; Owner: -",
        "x",
        "TABLE",
        Some("public")
    )]
    #[case::no_schema("-- Name: x; Type: SCHEMA; Schema: -; Owner: me", "x", "SCHEMA", None)]
    #[case::tablespace(
        "-- Name: x; Type: TABLE; Schema: s; Owner: -; Tablespace: fast",
        "x",
        "TABLE",
        Some("s")
    )]
    #[case::misleading(
        "-- Name: a; Type: VIEW; Schema: b; Owner: -; Type: FK CONSTRAINT; Schema: Straße; Owner: -",
        "a; Type: VIEW; Schema: b; Owner: -",
        "FK CONSTRAINT",
        Some("Straße")
    )]
    fn a_header_is_read_from_the_right(
        #[case] line: &str,
        #[case] tag: &str,
        #[case] kind: &str,
        #[case] schema: Option<&str>,
    ) {
        let header = Header::read(line).unwrap();
        assert_eq!((header.tag.as_str(), header.kind.as_str()), (tag, kind));
        assert_eq!(header.schema.as_deref(), schema);
    }

    #[rstest]
    #[case("-- Name: x")]
    #[case("-- Name: x; Type: nonsense; Schema: s; Owner: -")]
    #[case("-- PostgreSQL database dump complete")]
    fn other_comments_are_no_headers(#[case] line: &str) {
        assert_eq!(Header::read(line), None);
    }
}
