//! Which wires get a switch, and that the copy is still Rust.

use super::instrument::{Instrumented, Wire, instrument};
use super::shape::Shape;
use super::{switch, tree};
use crate::workspace;

const SNAPSHOT: &str = "
struct Snapshot { max_batches: u64, policy: PolicyView, envs: Arc<[EnvView]> }
struct PolicyView { kl: Option<Reading>, last: Option<LastUpdate> }
struct LastUpdate { batch: u64 }
struct EnvView { status: EnvStatus }
struct RunKey { run_id: RunId }
";

fn cut(source: &str, wire: Wire) -> Instrumented {
    let done = instrument("x.rs", "x.", source, &[wire], &Shape::of_source(SNAPSHOT)).unwrap();
    syn::parse_file(&done.source).unwrap_or_else(|e| panic!("{e}\n{}", done.source));
    done
}

fn texts(done: &Instrumented) -> Vec<&str> {
    done.cuts.iter().map(|cut| cut.text.as_str()).collect()
}

#[test]
fn assignments_literals_and_changing_calls_are_writes() {
    let source = "
impl Progress {
    fn empty() -> Snapshot { Snapshot { max_batches: 0 } }
    fn rejudge(view: &mut PolicyView) { view.kl = None; }
    const fn fixed(&mut self) { self.max_batches = 1; }
    fn start(&mut self, batches: u64) {
        self.max_batches = batches;
        self.other = batches;
        put(&mut self.view.kl, 3);
        self.view.kl.clone_from(&other);
        let x = Snapshot { max_batches: self.max_batches, policy, kl: None, ..old };
        let y = RunKey { run_id: 3 };
        match lane { A => entry.batch = Some(1), B => reading.fresh = false }
    }
}
#[cfg(test)]
mod tests { fn t() { a.max_batches = 2; } }
";
    let done = cut(source, Wire::Write);
    let expected = [
        "self.max_batches = batches",
        "put(&mut self.view.kl, 3);",
        "self.view.kl.clone_from(&other);",
        "self.max_batches",
        "policy",
        "entry.batch = Some(1)",
        "reading.fresh = false",
    ];
    assert_eq!(texts(&done), expected);
    assert_eq!(done.skipped, ["x.rs:5: self.max_batches = 1 (in a const fn)"]);
    assert!(done.source.contains(
        r#"if !crate::cut::is(const { crate::cut::id("x.0") }) { self.max_batches = batches };"#
    ));
    let literal = r#"max_batches: if crate::cut::is(const { crate::cut::id("x.3") }) { crate::cut::off() } else { self.max_batches }"#;
    assert!(done.source.contains(literal), "{}", done.source);
    assert!(done.source.contains(r#"policy: if crate::cut::is(const { crate::cut::id("x.4") })"#));
    assert_eq!(done.cuts[0].line, 7);
}

#[test]
fn reads_start_from_what_is_known_to_be_a_part_of_the_snapshot() {
    let source = "
fn of(snapshot: &Snapshot, other: &Other) -> Props {
    let (policy, n) = (&snapshot.policy, other.max_batches);
    let last = policy.last.as_ref();
    let ages = snapshot.envs.iter().map(|env: &EnvView| env.status);
    Props { max: snapshot.max_batches, kl: policy.kl.map(|kl| kl.value), n }
}
";
    let done = cut(source, Wire::Read);
    let expected =
        ["policy.last", "snapshot.envs", "env.status", "snapshot.max_batches", "policy.kl"];
    assert_eq!(texts(&done), expected);
    assert!(done.source.contains(
        r#"(*crate::cut::read(const { crate::cut::id("x.0") }, &policy.last)).as_ref()"#
    ));
    assert!(done.cuts.iter().all(|cut| cut.wire == Wire::Read));
}

#[test]
fn a_macro_that_stores_one_field_per_repetition_has_a_switch_per_field() {
    let source = "
macro_rules! store { ($view:expr; $($field:ident: $band:expr,)+) => { $($store.put(&mut $view.$field, $band);)+ }; }
fn f() { store! { view; kl: None, nothing: Some(&a::b), } }
";
    let done = cut(source, Wire::Write);
    assert_eq!(texts(&done), ["kl in a macro"]);
    assert_eq!(done.cuts[0].switch, "x.macro:kl");
    let guarded = r#"if !crate::cut::is(const { crate::cut::id(concat!("x.", "macro:", stringify!($field))) }) { $store.put("#;
    assert!(done.source.contains(guarded), "{}", done.source);
}

#[test]
fn the_workspace_can_be_copied_and_a_second_copy_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = tree::copy(workspace::root(), folder.path()).unwrap();
    let switches: std::collections::BTreeSet<_> =
        first.cuts.iter().map(|cut| &cut.switch).collect();
    assert_eq!(switches.len(), first.cuts.len(), "switches are told apart");
    let ids: std::collections::BTreeSet<u64> =
        first.cuts.iter().map(|cut| switch::id(&cut.switch)).collect();
    assert_eq!(ids.len(), first.cuts.len(), "so are their numbers");
    let stub = std::fs::read_to_string(workspace::root().join(switch::OF_THE_PROBE)).unwrap();
    let put = std::fs::read_to_string(folder.path().join(switch::OF_THE_PROBE)).unwrap();
    for text in [stub, put] {
        assert!(text.contains("fn throw(") && text.contains("switch: Option<&str>) -> bool"));
    }
    for wire in [Wire::Read, Wire::Write] {
        assert!(50 < first.cuts.iter().filter(|cut| cut.wire == wire).count(), "{wire:?}");
    }
    let lib = folder.path().join("crates/karn-sanctum/src/lib.rs");
    assert!(std::fs::read_to_string(&lib).unwrap().ends_with("mod cut;\n"));
    let written = std::fs::metadata(&lib).unwrap().modified().unwrap();
    std::fs::write(folder.path().join("left.rs"), "").unwrap();
    let second = tree::copy(workspace::root(), folder.path()).unwrap();
    assert_eq!(second.cuts, first.cuts);
    assert_eq!(std::fs::metadata(&lib).unwrap().modified().unwrap(), written);
    assert!(!folder.path().join("left.rs").exists() && !folder.path().join("xtask").exists());
}
