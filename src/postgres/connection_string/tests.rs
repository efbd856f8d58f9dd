use super::*;
use crate::failure::Explain;
use crate::secret::MASK;
use proptest::prelude::*;
use rstest::rstest;

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(text).unwrap()
}

fn password(string: &ConnectionString) -> Option<&str> {
    string.password().map(Secret::expose)
}

#[test]
fn neons_own_string_is_understood() {
    let string = parse(
        "postgresql://owner:npg_x@ep-cool-a1-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
    );
    assert_eq!(
        string.host(),
        "ep-cool-a1-pooler.eu-central-1.aws.neon.tech"
    );
    assert_eq!(
        (string.port(), string.user(), string.database()),
        (5432, "owner", "neondb")
    );
    assert_eq!(string.ssl_mode(), SslMode::Require);
    assert_eq!(string.channel_binding(), ChannelBinding::Require);
    assert_eq!(password(&string), Some("npg_x"));
    assert!(string.is_neon() && string.is_pooled());
    assert_eq!(
        string.direct().host(),
        "ep-cool-a1.eu-central-1.aws.neon.tech"
    );
    assert!(!string.direct().is_pooled());
    assert_eq!(string.application_name(), "neonlift");
}

#[rstest]
#[case("  'postgresql://u:p@h/d' \n")]
#[case("DATABASE_URL=postgresql://u:p@h/d")]
#[case("export DATABASE_URL=\"postgresql://u:p@h/d\"")]
#[case("DATABASE_URL = \"postgresql://u:p@h/d\"\n")]
#[case("psql 'postgresql://u:p@h/d'")]
#[case("psql -d \"postgresql://u:p@h/d\";")]
#[case("postgresql://u:p\n@h/d")]
#[case("“postgresql://u:p@h/d”")]
#[case("postgres+asyncpg://u:p@h/d")]
#[case("jdbc:postgresql://h/d?user=u&password=p")]
#[case("postgresql:///d?host=h&user=u&password=p")]
#[case("host=h user=u password=p dbname=d")]
#[case("psql \"host=h user=u password='p' dbname=d\"")]
#[case("host = h\nuser = u\npassword = p\ndbname = d\n")]
fn what_is_pasted_around_a_string_is_taken_off(#[case] text: &str) {
    let string = parse(text);
    assert_eq!(
        (string.host(), string.user(), string.database()),
        ("h", "u", "d")
    );
    assert_eq!(password(&string), Some("p"));
}

#[rstest]
#[case(r"host=h dbname=d user=u password='it\'s \\ = here'", r"it's \ = here")]
#[case(r"host=h dbname=d user=u password=a\ b\\c", r"a b\c")]
#[case("host=h dbname=d user=u password=p@ss#w/o[r]d$%", "p@ss#w/o[r]d$%")]
fn quotes_and_backslashes_are_libpqs(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(password(&parse(text)), Some(expected));
}

#[rstest]
#[case("postgresql://u:p%40s%23%2F@h/d", "p@s#/")]
#[case("postgresql://u:a:b@h/d", "a:b")]
#[case("postgresql://u:stra%C3%9Fe@h/d", "straße")]
#[case("postgresql://u:endpoint=ep-a$pw@h/d", "endpoint=ep-a$pw")]
fn a_urls_password_is_decoded(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(password(&parse(text)), Some(expected));
}

#[rstest]
#[case("postgresql://u@[::1]:5433/d", "::1", 5433)]
#[case(
    "postgresql://u@%2Fvar%2Frun%2Fpostgresql/d",
    "/var/run/postgresql",
    5432
)]
#[case(
    "host=/var/run/postgresql user=u dbname=d",
    "/var/run/postgresql",
    5432
)]
#[case("postgresql://u@h:/d", "h", 5432)]
#[case("hostaddr=127.0.0.1 user=u dbname=d", "127.0.0.1", 5432)]
fn hosts_of_all_kinds(#[case] text: &str, #[case] host: &str, #[case] port: u16) {
    let string = parse(text);
    assert_eq!((string.host(), string.port()), (host, port));
    assert_eq!(parse(&string.url()), string);
}

#[rstest]
#[case("", ParseError::Empty)]
#[case(" '' ", ParseError::Empty)]
#[case("hello", ParseError::NotAConnectionString)]
#[case("mysql://u:p@h/d", ParseError::OtherScheme { scheme: "mysql" })]
#[case("postgresql://u:p@h", ParseError::MissingDatabase)]
#[case("postgresql://u:p@h/", ParseError::MissingDatabase)]
#[case("postgresql://u:p@/d", ParseError::MissingHost)]
#[case("user=u dbname=d", ParseError::MissingHost)]
#[case("postgresql://u:p@h:54x2/d", ParseError::BadPort { position: 20 })]
#[case("postgresql://u:p@h:70000/d", ParseError::BadPort { position: 20 })]
#[case("  \"postgresql://u:p@h:0/d\"", ParseError::BadPort { position: 23 })]
#[case("postgresql://u:p@h1,h2/d", ParseError::SeveralHosts { position: 20 })]
#[case("postgresql://u:p@h1:1,h2:2/d", ParseError::SeveralHosts { position: 22 })]
#[case("host=h1,h2 dbname=d user=u", ParseError::SeveralHosts { position: 8 })]
#[case("postgresql://u:p@ss@h/d", ParseError::Unescaped { character: '@', position: 17 })]
#[case("postgresql://u:p@s?s@h/d", ParseError::Unescaped { character: '@', position: 17 })]
#[case("postgresql://u:p@s/s@h/d", ParseError::Unescaped { character: '@', position: 17 })]
#[case("postgresql://u:p#ss@h/d", ParseError::Unescaped { character: '#', position: 17 })]
#[case("postgresql://u:p[ss@h/d", ParseError::Unescaped { character: '[', position: 17 })]
#[case("postgresql://u:p]ss@h/d", ParseError::Unescaped { character: ']', position: 17 })]
#[case("postgresql://u:p?ss@h/d", ParseError::Unescaped { character: '?', position: 17 })]
#[case("postgresql://u:p/ss@h/d", ParseError::Unescaped { character: '/', position: 17 })]
#[case("postgresql://u:p/s?s@h/d", ParseError::Unescaped { character: '/', position: 17 })]
#[case("postgresql://u:p%s@h/d", ParseError::BadPercent { position: 17 })]
#[case("postgresql://u:%00@h/d", ParseError::NotText { position: 16 })]
#[case("postgresql://u:%ff@h/d", ParseError::NotText { position: 16 })]
#[case("postgresql://u:p@[::1/d", ParseError::OpenBracket { position: 18 })]
#[case("postgresql://u:p s@h/d", ParseError::Space { position: 17 })]
#[case("postgresql://u:****@h/d", ParseError::MaskedPassword)]
#[case("postgresql://u:p@h/d?sslmod=require", ParseError::UnknownParameter {
    name: Some("sslmod".into()), nearest: Some("sslmode"), position: 22 })]
#[case("host=h colour=red", ParseError::UnknownParameter {
    name: Some("colour".into()), nearest: None, position: 8 })]
#[case("host=h password=my canary=1", ParseError::UnknownParameter {
    name: None, nearest: None, position: 20 })]
#[case("host=h password=my canary", ParseError::NoValue { position: 20 })]
#[case("host=h password='my", ParseError::OpenQuote { position: 17 })]
#[case("postgresql://u@h/d?sslmode=yes", ParseError::BadValue {
    parameter: "sslmode",
    expected: "disable, allow, prefer, require, verify-ca or verify-full",
    position: 28 })]
fn what_is_wrong_is_said_with_its_place(#[case] text: &str, #[case] expected: ParseError) {
    let error = ConnectionString::parse(text).unwrap_err();
    assert_eq!(error, expected);
    assert!(!error.failure().advice.is_empty());
}

#[test]
fn the_advice_names_the_percent_code() {
    let error = ConnectionString::parse("postgresql://u:p#ss@h/d").unwrap_err();
    assert!(error.advice().contains("%23"), "{}", error.advice());
}

#[rstest]
#[case("host=h user=u dbname=d", SslMode::Prefer)]
#[case("host=ep-a.eu.aws.neon.tech user=u dbname=d", SslMode::Require)]
#[case(
    "host=ep-a.eu.aws.neon.tech user=u dbname=d sslmode=disable",
    SslMode::Disable
)]
#[case("host=h user=u dbname=d sslrootcert=system", SslMode::VerifyFull)]
#[case("postgresql://u@h/d?ssl=true", SslMode::Require)]
fn the_default_of_sslmode_depends_on_the_place(#[case] text: &str, #[case] mode: SslMode) {
    assert_eq!(parse(text).ssl_mode(), mode);
}

#[test]
fn the_systems_roots_need_full_verification() {
    let text = "host=h user=u dbname=d sslrootcert=system sslmode=require";
    let error = ConnectionString::parse(text).unwrap_err();
    assert!(matches!(
        error,
        ParseError::BadValue {
            parameter: "sslmode",
            position: 51,
            ..
        }
    ));
}

#[test]
fn known_parameters_without_meaning_are_listed() {
    let string =
        parse("postgresql://u@h/d?target_session_attrs=any&keepalives=1&gssencmode=disable");
    assert_eq!(
        string.ignored(),
        ["gssencmode", "keepalives", "target_session_attrs"]
    );
    assert!(
        string
            .understood()
            .iter()
            .any(|(label, _)| *label == "without effect")
    );
}

#[test]
fn a_dollar_is_taken_with_a_caution() {
    let string = parse("postgresql://u:a$b@h/d");
    assert!(
        string.cautions()[0].contains("position 17"),
        "{:?}",
        string.cautions()
    );
    assert_eq!(password(&string), Some("a$b"));
}

#[test]
fn parts_make_a_connection_string() {
    let string =
        ConnectionString::from_parts("postgres", "chat_pgvector", "localhost", "5432").unwrap();
    assert_eq!(string.endpoint(), "localhost:5432/chat_pgvector");
    let error = ConnectionString::from_parts("postgres", "", "localhost", "").unwrap_err();
    assert_eq!(error, ParseError::MissingDatabase);
}

#[test]
fn tools_get_everything_by_environment() {
    let string = parse(
        "postgresql://u:canary@h:6000/d?sslmode=verify-full&sslrootcert=/ca.pem&hostaddr=127.0.0.1&options=-c%20geqo%3Doff&connect_timeout=7",
    );
    let environment = string.tool_environment();
    let expected = [
        ("PGHOST", "h"),
        ("PGHOSTADDR", "127.0.0.1"),
        ("PGPORT", "6000"),
        ("PGUSER", "u"),
        ("PGDATABASE", "d"),
        ("PGPASSWORD", "canary"),
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/ca.pem"),
        ("PGOPTIONS", "-c geqo=off"),
        ("PGAPPNAME", "neonlift"),
        ("PGCONNECT_TIMEOUT", "7"),
    ];
    for (name, value) in expected {
        assert!(
            environment.iter().any(|(n, v)| *n == name && v == value),
            "{name}"
        );
        assert!(LIBPQ_VARIABLES.contains(&name));
    }
}

#[test]
fn a_password_is_understood_as_dots() {
    let string = parse("postgresql://u:canary@h/d");
    let understood = string.understood();
    assert!(understood.contains(&("password", MASK.to_owned())));
    assert!(
        parse("postgresql://u@h/d")
            .understood()
            .contains(&("password", "not given".into()))
    );
    assert_eq!(
        string.to_string(),
        format!("postgresql://u:{MASK}@h:5432/d?sslmode=prefer")
    );
    assert_eq!(string.url(), "postgresql://u@h:5432/d?sslmode=prefer");
}

/// Any text that PostgreSQL can hold, not empty.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        any::<char>().prop_filter("no zero byte", |c| *c != '\0'),
        1..20,
    )
    .prop_map(String::from_iter)
}

/// Characters that mean something somewhere, and a few that do not.
fn garbage() -> impl Strategy<Value = String> {
    "[@#$/?%:&=\\[\\]'\"\\\\ ,;a-c0-3\n]{0,12}"
}

proptest! {
    #[test]
    fn a_written_url_reads_back(user in text(), secret in text(), database in text(), options in text()) {
        prop_assume!(!secret.chars().all(|c| c == '*' || c == '•'));
        let string = parse("postgresql://u@h:5433/d?sslmode=require&connect_timeout=9&tcp_user_timeout=1500")
            .with_database(&database)
            .with_password(Secret::new(secret.clone()));
        let string = ConnectionString { user, options: Some(options), ..string };
        let whole = ConnectionString::parse(string.url_with_password().expose()).unwrap();
        prop_assert_eq!(password(&whole), Some(secret.as_str()));
        prop_assert_eq!(&whole, &string);
        let bare = ConnectionString::parse(&string.url()).unwrap();
        prop_assert_eq!(bare.password(), None);
        prop_assert_eq!(bare.with_password(Secret::new(secret)), string);
    }

    #[test]
    fn a_password_never_shows(before in garbage(), after in garbage(), rest in garbage(), form in 0..4) {
        let secret = format!("{before}canary{after}");
        let text = match form {
            0 => format!("postgresql://u:{secret}@h:5432/d?sslmode=require"),
            1 => format!("postgresql://u:{secret}@h{rest}"),
            2 => format!("host=h dbname=d user=u password={secret}"),
            _ => format!("postgresql://h/d?user=u&password={secret}"),
        };
        let shown = match ConnectionString::parse(&text) {
            Ok(string) => format!("{string} {string:?} {:?} {}", string.understood(), string.url()),
            Err(error) => format!("{error} {error:?} {:?}", error.failure()),
        };
        prop_assert!(!shown.contains("canary"), "{} gave {}", text, shown);
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), odd in garbage(), more in garbage()) {
        for text in [text.clone(), format!("postgresql://{text}"), format!("{odd}={more}"),
            format!("postgresql://{odd}@{more}"), format!("host={odd} password={more}")] {
            if let Err(error) = ConnectionString::parse(&text) {
                prop_assert!(error.position().is_none_or(|p| p >= 1 && p <= text.chars().count() + 1));
            }
        }
    }
}
