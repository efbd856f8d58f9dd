use super::*;
use jiff::Timestamp;

fn known() -> Session {
    let mut session = Session::new(Timestamp::UNIX_EPOCH, 1);
    let place = |url: &str| {
        Some(Place {
            url: url.to_owned(),
            identity: None,
        })
    };
    session.source = place("postgresql://u@a/d");
    session.target = place("postgresql://u@b/d");
    session
}

fn held() -> Passwords {
    let held = |endpoint: &str| {
        Some(Held {
            endpoint: endpoint.to_owned(),
            user: "u".to_owned(),
            origin: None,
        })
    };
    Passwords {
        held: [held("a:5432/d"), held("b:5432/d")],
        ..Passwords::none()
    }
}

const fn at(side: Side, part: Part) -> Focus {
    Focus { side, part }
}

#[test]
fn only_what_changed_is_handed_over() {
    let mut form = Form::of(&known(), &held());
    assert_eq!(form.submit(), Ok(Vec::new()));
    form.previous();
    form.paste("new password").unwrap();
    let entered = form.submit().unwrap();
    assert_eq!(entered.len(), 1);
    assert_eq!(entered[0].side, Side::Target);
    assert_eq!(entered[0].password, Some(Secret::new("new password")));
}

#[test]
fn the_cursor_goes_to_what_is_missing() {
    let mut session = known();
    session.target = None;
    let mut form = Form::of(&session, &held());
    assert_eq!(form.focus(), at(Side::Target, Part::String));
    form.previous();
    assert!(form.submit().unwrap_err().contains("target"));
    assert_eq!(form.focus(), at(Side::Target, Part::String));
}

#[test]
fn a_password_that_is_found_nowhere_has_the_cursor() {
    let mut passwords = held();
    passwords.held[1] = None;
    let form = Form::of(&known(), &passwords);
    assert_eq!(form.lacks_password(), Some(Side::Target));
    assert_eq!(form.focus(), at(Side::Target, Part::Password));
    passwords.look_up = |_| Err("~/.pgpass was not read".to_owned());
    let form = Form::of(&known(), &passwords);
    assert_eq!(form.lacks_password(), Some(Side::Target));
    let refused = Origin::Refused("~/.pgpass was not read".to_owned());
    assert_eq!(form.origin(Side::Target), refused);
    passwords.look_up = |_| Ok(Some("~/.pgpass, line 3".to_owned()));
    let form = Form::of(&known(), &passwords);
    assert_eq!(form.lacks_password(), None);
    let origin = form.origin(Side::Target);
    assert_eq!(origin, Origin::Found("from ~/.pgpass, line 3".to_owned()));
}

#[test]
fn a_string_in_a_part_goes_into_the_string() {
    let string = "postgresql://u:q@h:5432/d";
    for part in [Part::Host, Part::Port, Part::Database, Part::User] {
        for is_pasted in [true, false] {
            let mut form = Form::of(&known(), &held());
            form.focus.part = part;
            form.entries[0] = Entry::default();
            if is_pasted {
                form.paste(string).unwrap();
            } else {
                for letter in string.chars() {
                    form.key(KeyEvent::from(KeyCode::Char(letter))).unwrap();
                }
            }
            assert_eq!(form.focus(), at(Side::Source, Part::String));
            assert_eq!(form.field(form.focus()).unwrap().text(), string);
            let host = form.field(at(Side::Source, Part::Host)).unwrap();
            assert_eq!(host.text(), "h");
        }
    }
}

#[test]
fn another_place_has_not_the_password_in_memory() {
    let mut form = Form::of(&known(), &held());
    assert_eq!(
        form.origin(Side::Source),
        Origin::Found("in memory".to_owned())
    );
    form.down();
    form.paste("x").unwrap();
    assert_eq!(form.origin(Side::Source), Origin::Nowhere);
}

#[test]
fn tab_passes_the_parts_that_a_string_has_filled_in() {
    let mut form = Form::of(&known(), &held());
    form.next();
    assert_eq!(form.focus(), at(Side::Source, Part::Password));
    form.previous();
    assert_eq!(form.focus(), at(Side::Source, Part::String));
    form.down();
    assert_eq!(form.focus(), at(Side::Source, Part::Host));
    form.next();
    assert_eq!(form.focus(), at(Side::Source, Part::Port));
}

#[test]
fn tab_goes_from_password_to_password_and_none_is_typed_behind_a_string() {
    let mut passwords = held();
    passwords.held = [None, None];
    let mut form = Form::of(&known(), &passwords);
    assert_eq!(form.focus(), at(Side::Source, Part::Password));
    form.paste("one").unwrap();
    form.next();
    assert_eq!(form.focus(), at(Side::Target, Part::Password));
    form.previous();
    let string = form.focus();
    assert_eq!(string, at(Side::Target, Part::String));
    let letter = KeyEvent::from(KeyCode::Char('s'));
    assert!(form.key(letter).is_err());
    assert!(form.paste("secret").is_err());
    assert_eq!(form.field(string).unwrap().text(), "postgresql://u@b/d");
    // Who wants to edit it, can.
    form.key(KeyEvent::from(KeyCode::Backspace)).unwrap();
    form.key(letter).unwrap();
    assert_eq!(form.field(string).unwrap().text(), "postgresql://u@b/s");
}

#[test]
fn what_is_pasted_behind_a_string_has_to_go_on_with_it() {
    let mut form = Form::of(&known(), &held());
    form.go(at(Side::Target, Part::String));
    assert!(form.paste("secret").is_err());
    form.paste("?connect_timeout=5").unwrap();
    let text = form.field(form.focus()).unwrap().text();
    assert_eq!(text, "postgresql://u@b/d?connect_timeout=5");
}

#[test]
fn leaving_the_field_hides_what_was_revealed() {
    let mut form = Form::of(&known(), &held());
    let string = form.focus();
    form.reveal().unwrap();
    assert!(form.is_revealed(string));
    form.next();
    form.previous();
    assert!(!form.is_revealed(string));
    form.down();
    assert!(form.reveal().is_err(), "a host is no secret");
}
