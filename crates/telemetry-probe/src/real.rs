//! The real pipeline: the trainer's emission functions, its hub, the aggregator and the widgets.
//!
//! | module | holds |
//! |---|---|
//! | [`inputs`], [`scenario`] | what a run is told from, and the scripted runs |
//! | [`emit`], [`fold`], [`draw`](mod@draw) | the three parts of the way from there to the screen |
//! | `look` | a snapshot drawn again with something changed |
//! | [`catalogue`] | what the product says of itself |

use karn_sanctum::{Snapshot, aggregator};
use telemetry_evidence::evidence::{Metric, WidgetSeen};

use crate::rig::{Drawn, Folded, Looked, Rig, Scenario, Script, Size, Step, Tree, View};
use crate::tree::{from_tree, to_tree};

pub mod catalogue;
pub mod draw;
pub mod emit;
pub mod fold;
pub mod inputs;
mod look;
pub mod scenario;

/// The pipeline as it is built into the product.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealRig;

impl Rig for RealRig {
    fn scenarios(&self) -> Vec<Scenario> {
        scenario::all()
    }

    fn emit(&self, inputs: &Tree) -> Result<Vec<Step>, String> {
        emit::emit(&from_tree(inputs).map_err(|error| error.to_string())?)
    }

    fn fold(&self, script: &Script) -> Result<Folded, String> {
        let (snapshot, hub) = fold::fold(script)?;
        let snapshot = to_tree(&snapshot).map_err(|error| error.to_string())?;
        Ok(Folded { snapshot, hub })
    }

    fn empty(&self) -> Tree {
        to_tree(&Snapshot::empty()).unwrap_or(Tree::Null)
    }

    fn elements(&self) -> Vec<(&'static str, Tree)> {
        catalogue::elements().unwrap_or_default()
    }

    fn judge(&self, snapshot: &mut Tree) {
        // All of them, because some verdicts depend on other readings. What is no snapshot is refused when it is drawn.
        let judged = from_tree(snapshot).and_then(|mut read: Snapshot| {
            aggregator::judge(&mut read);
            to_tree(&read)
        });
        if let Ok(judged) = judged {
            *snapshot = judged;
        }
    }

    fn draw(&self, snapshot: &Tree, views: &[View]) -> Result<Vec<Drawn>, String> {
        draw::draw(snapshot, views)
    }

    fn look(&self, snapshot: &Tree, views: &[View]) -> Result<Box<dyn Looked + '_>, String> {
        Ok(Box::new(look::Look::new(snapshot, views)?))
    }

    fn widgets(&self) -> Vec<WidgetSeen> {
        draw::widgets()
    }

    fn sizes(&self, widget: &str) -> Vec<Size> {
        draw::sizes(widget)
    }

    fn scenes(&self) -> Vec<&'static str> {
        draw::scenes()
    }

    fn scenes_of(&self, widget: &str) -> Vec<&'static str> {
        draw::scenes_of(widget)
    }

    fn maps(&self) -> Vec<&'static str> {
        catalogue::maps()
    }

    fn words(&self) -> Vec<Vec<&'static str>> {
        catalogue::words()
    }

    fn registry(&self) -> Vec<Metric> {
        catalogue::registry()
    }
}
