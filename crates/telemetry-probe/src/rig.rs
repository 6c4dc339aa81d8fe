//! The only glue between the verifier and a product: no code per metric.
//!
//! Everything crosses this border as a [`Tree`], so that one algorithm serves the real pipeline and the toy of the
//! self-test. A rig is pure but for the threads of the hub it drives, and gives the same answer to the same call.

use std::collections::BTreeSet;
use std::sync::Arc;

use telemetry_evidence::evidence::{HubSeen, Metric, WidgetSeen};

/// A value as serde sees it: keeps NaN, infinities and the difference between integers and floats.
///
/// Made and read with [`crate::tree::to_tree`] and [`crate::tree::from_tree`], which write words as text.
pub type Tree = ciborium::value::Value;

/// A scripted run, as the plain inputs of the emission functions.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// `calm`, `finished`, `failed`, `skipped`, `alarms`, …; the first one is the baseline.
    pub name: &'static str,
    /// Every leaf distinct from its neighbours and inside its range.
    pub inputs: Tree,
    /// Seconds of silence before the picture, for [`Script::idle`].
    pub idle: f64,
}

/// One thing that reaches the aggregator or its surroundings.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An event through the hub; shared, because most of a changed run is that of the unchanged one.
    Event(Arc<Emitted>),
    /// A row that has to be rejected.
    Rejected,
    /// An event of a kind that nobody knows.
    Unknown,
    /// As many numbers are left out.
    Gap(u64),
    /// The link opens or closes.
    Link(bool),
    /// Whether the thread of the trainer lives; `None`: the trainer is another process.
    TrainerAlive(Option<bool>),
}

/// An event on its way into the hub.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitted {
    /// Rust name of the variant: `TrainingStarted`.
    pub kind: String,
    /// Seconds of the producer's clock at which it is emitted.
    pub at: f64,
    /// Fields of the envelope that the hub does not make itself: `run_id`, `group_id`, `severity`, `message`,
    /// `env_id`.
    pub envelope: Tree,
    /// The payload.
    pub body: Tree,
}

/// A whole run on its way to a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// In the order of emission.
    pub steps: Vec<Step>,
    /// Seconds between the last event and the picture, on the viewer's clock.
    pub idle: f64,
    /// Seconds that the producer's wall clock is set back in the middle of the run.
    pub wall_step: f64,
}

/// What came out at the end.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The snapshot.
    pub snapshot: Tree,
    /// What the hub did.
    pub hub: HubSeen,
}

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// What to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One widget alone in a buffer of its own.
    Widget(String),
    /// The whole screen.
    Screen,
}

/// What to draw, where and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// A widget or the screen.
    pub what: Subject,
    /// Name of the page or overlay.
    pub scene: &'static str,
    /// Room for it.
    pub size: Size,
}

/// A row of a drawing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The symbols of all cells; the empty cell behind a wide symbol adds nothing.
    pub text: String,
    /// One initial of a style class per character of `text`: `p d a o w c m s ?` (see `ExampleSeen::classes`).
    pub classes: String,
}

/// A drawing; what two of them have in common may be shared.
pub type Drawn = Vec<Arc<Row>>;

/// A snapshot that was drawn. Nearly all of the probe's time goes into drawing it again with one leaf changed, so that a
/// rig may keep whatever makes this cheap; what it returns must be what [`Rig::draw`] would.
pub trait Looked: Sync {
    /// Returns the drawings, in the order of the views.
    fn before(&self) -> &[Drawn];

    /// Draws `snapshot`, which differs from the one that was drawn in these fields only, once for each of the views with
    /// these numbers; `None` where it looks the same. Fails if it is no snapshot.
    fn changed(
        &self,
        snapshot: &Tree,
        fields: &BTreeSet<&str>,
        views: &[usize],
    ) -> Result<Vec<Option<Drawn>>, String>;

    /// Draws `snapshot`, which differs in these fields only, and then the one that was drawn, with the same widgets in the
    /// view with this number. Returns the second drawing, which is another one if a widget keeps something of the first.
    fn again(&self, snapshot: &Tree, fields: &BTreeSet<&str>, view: usize)
    -> Result<Drawn, String>;
}

/// A pipeline that can be probed.
pub trait Rig: Sync {
    /// Returns the scripted runs; together they reach every leaf of payloads and snapshot.
    fn scenarios(&self) -> Vec<Scenario>;

    /// Makes the events of a run with the trainer's own emission functions.
    fn emit(&self, inputs: &Tree) -> Result<Vec<Step>, String>;

    /// Sends a run through the real hub and the real aggregator.
    fn fold(&self, script: &Script) -> Result<Folded, String>;

    /// Returns the snapshot before anything happened.
    fn empty(&self) -> Tree;

    /// Returns what an element of each list and map of the snapshot is made of, for C01: path with `[*]`, element.
    fn elements(&self) -> Vec<(&'static str, Tree)>;

    /// Makes the verdicts of readings that were edited directly true again.
    fn judge(&self, snapshot: &mut Tree);

    /// Draws a snapshot with the real widgets, once per view. Fails if the tree is no snapshot (an edit of the wrong type).
    fn draw(&self, snapshot: &Tree, views: &[View]) -> Result<Vec<Drawn>, String>;

    /// Draws a snapshot once per view, to draw it again with something changed.
    fn look(&self, snapshot: &Tree, views: &[View]) -> Result<Box<dyn Looked + '_>, String>;

    /// Returns every widget, in the order of the screen.
    fn widgets(&self) -> Vec<WidgetSeen>;

    /// Returns the sizes at which a widget is drawn alone, the usual one first; together they show all it can show.
    fn sizes(&self, widget: &str) -> Vec<Size>;

    /// Returns every scene, the main screen first.
    fn scenes(&self) -> Vec<&'static str>;

    /// Returns the scenes in which a widget shows something of its own, the main screen first.
    fn scenes_of(&self, _widget: &str) -> Vec<&'static str> {
        self.scenes().into_iter().take(1).collect()
    }

    /// Returns the paths, with `[*]` for indices, of all maps whose keys are data: in the snapshot (`metrics`), in payloads
    /// (`MetricLogged.values`), and in the inputs.
    fn maps(&self) -> Vec<&'static str>;

    /// Returns closed vocabularies, to move a word to the next one.
    fn words(&self) -> Vec<Vec<&'static str>>;

    /// Returns the registry of metrics; a rig without one returns nothing.
    fn registry(&self) -> Vec<Metric>;
}
