//! The comment that pg_dump puts above each of its entries.

/// What the comment says. pg_dump writes it in `_printTocEntry` (pg_backup_archiver.c), with line
/// ends in names replaced by blanks: `-- Name: a b; Type: TRIGGER; Schema: public; Owner: -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: String,
    pub(super) kind: String,
    pub(super) schema: Option<String>,
    /// The entry's number, where the dump tells it.
    pub(super) id: Option<u32>,
    /// The numbers of the entries that this one needs, where the dump tells them.
    pub(super) needs: Vec<u32>,
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
            id: None,
            needs: Vec::new(),
        })
    }
}

/// Recognises the whole comment from its lines, given one after the other:
/// `--`, in verbose dumps `-- TOC entry …` and `-- Dependencies: …`, the header's line, in verbose
/// dumps of an archive `-- Data Pos: …`, `--`.
#[derive(Debug, Default)]
pub(super) struct Recogniser {
    opened: bool,
    id: Option<u32>,
    needs: Vec<u32>,
    read: Option<Header>,
}

impl Recogniser {
    /// The next line comment. Gives the header when this line closes it.
    pub(super) fn line(&mut self, comment: &str) -> Option<Header> {
        let comment = comment.trim_end();
        if comment == "--" {
            let read = self.read.take().map(|header| Header {
                id: self.id.take(),
                needs: std::mem::take(&mut self.needs),
                ..header
            });
            *self = Self {
                opened: true,
                ..Self::default()
            };
            return read;
        }
        if let Some(number) = comment.strip_prefix("-- TOC entry ") {
            self.id = numbers(number).next();
        } else if let Some(needed) = comment.strip_prefix("-- Dependencies: ") {
            self.needs = numbers(needed).collect();
        } else if !(self.read.is_some() && comment.starts_with("-- Data Pos: ")) {
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

/// The numbers at a text's begin, between blanks.
fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split(' ').map_while(|word| word.parse().ok())
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

    #[test]
    fn an_archives_header_tells_what_it_needs() {
        let mut recogniser = Recogniser::default();
        let lines = [
            "--",
            "-- TOC entry 218 (class 1259 OID 16628)",
            "-- Dependencies: 8 959 2",
            "-- Name: users; Type: TABLE; Schema: app; Owner: -",
            "-- Data Pos: 0",
            "--",
        ];
        let header = lines.iter().find_map(|line| recogniser.line(line)).unwrap();
        assert_eq!((header.id, header.needs), (Some(218), vec![8, 959, 2]));
    }

    #[rstest]
    #[case("-- Name: x")]
    #[case("-- Name: x; Type: nonsense; Schema: s; Owner: -")]
    #[case("-- PostgreSQL database dump complete")]
    fn other_comments_are_no_headers(#[case] line: &str) {
        assert_eq!(Header::read(line), None);
    }
}
