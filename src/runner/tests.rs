use super::*;
use crate::session::store::Store;

/// A runner over a new session in a folder of its own.
fn runner(folder: &tempfile::TempDir) -> Runner {
    let (store, _) = Store::open(&folder.path().join("session.toml")).unwrap();
    let mut runner = Runner::new(Session::new(Timestamp::now(), 1), store, Context::default());
    runner.dispatch(Event::Opened).unwrap();
    runner
}

#[tokio::test]
async fn what_is_at_work_keeps_its_connections() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = runner(&folder);
    for side in [Side::Source, Side::Target] {
        runner
            .describe_text(side, "postgresql://u@h/before")
            .unwrap();
    }
    let refused = |effects: &[Effect]| matches!(effects, [Effect::Tell(News::Refused(_))]);
    runner.dispatch(Event::Run(Step::Prerequisites)).unwrap();
    for side in [Side::Source, Side::Target] {
        let effects = runner.describe_text(side, "postgresql://u@h/after");
        assert!(refused(&effects.unwrap()));
        let known = runner.context().connection(side).unwrap();
        assert_eq!(known.database(), "before");
    }
    runner.shut_down().await.unwrap();
    let effects = runner.describe_text(Side::Source, "postgresql://u@h/after");
    assert!(!refused(&effects.unwrap()));
    let known = runner.context().connection(Side::Source).unwrap();
    assert_eq!(known.database(), "after");
}
