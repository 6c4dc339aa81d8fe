//! A snapshot that is drawn again and again with something changed: only what changed is read anew, and only the rows that
//! differ are written out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use karn_sanctum::Snapshot;
use ratatui::buffer::Buffer;

use super::draw::{paint, read, rows};
use crate::rig::{Drawn, Looked, Size, Tree, View};
use crate::tree::child;

thread_local! {
    /// What a view is painted into before it is compared, by size. A new buffer for each drawing costs as much as the
    /// drawing.
    static CANVASES: RefCell<BTreeMap<Size, Buffer>> = const { RefCell::new(BTreeMap::new()) };
}

/// A snapshot and how it looks.
pub(super) struct Look {
    snapshot: Snapshot,
    views: Vec<View>,
    buffers: Vec<Buffer>,
    drawn: Vec<Drawn>,
}

impl Look {
    /// Draws a snapshot once per view.
    pub(super) fn new(snapshot: &Tree, views: &[View]) -> Result<Self, String> {
        let snapshot = read(snapshot)?;
        let paint = |view| {
            let mut buffer = Buffer::default();
            paint(&snapshot, view, &mut buffer).map(|()| buffer)
        };
        let buffers: Vec<Buffer> = views.iter().map(paint).collect::<Result<_, _>>()?;
        let drawn = buffers.iter().map(|buffer| rows(buffer, None)).collect();
        Ok(Self { views: views.to_vec(), buffers, drawn, snapshot })
    }

    /// Reads a snapshot of which only these fields are others. The large parts can be read alone; a field beside them
    /// has no line here, and then all of it is read.
    fn read(&self, tree: &Tree, fields: &BTreeSet<&str>) -> Result<Snapshot, String> {
        let mut snapshot = self.snapshot.clone();
        for field in fields {
            let Some(part) = child(tree, field) else { return read(tree) };
            match *field {
                "policy" => snapshot.policy = read(part)?,
                "episodes" => snapshot.episodes = read(part)?,
                "envs" => snapshot.envs = read(part)?,
                "vitals" => snapshot.vitals = read(part)?,
                "telemetry" => snapshot.telemetry = read(part)?,
                "event_log" => snapshot.event_log = read(part)?,
                "metrics" => snapshot.metrics = read(part)?,
                _ => return read(tree),
            }
        }
        Ok(snapshot)
    }

    /// Draws a snapshot in one view; `None` where it looks the same.
    fn compare(&self, snapshot: &Snapshot, view: usize) -> Result<Option<Drawn>, String> {
        let parts = (self.views.get(view), self.buffers.get(view), self.drawn.get(view));
        let (Some(view), Some(buffer), Some(drawn)) = parts else {
            return Err(format!("there is no view {view}"));
        };
        CANVASES.with_borrow_mut(|canvases| {
            let canvas = canvases.entry(view.size).or_default();
            paint(snapshot, view, canvas)?;
            let after = rows(canvas, Some((buffer, drawn)));
            // Rows that are shared are compared by their address.
            Ok((after != *drawn).then_some(after))
        })
    }
}

impl Looked for Look {
    fn before(&self) -> &[Drawn] {
        &self.drawn
    }

    fn changed(
        &self,
        snapshot: &Tree,
        fields: &BTreeSet<&str>,
        views: &[usize],
    ) -> Result<Vec<Option<Drawn>>, String> {
        let snapshot = self.read(snapshot, fields)?;
        views.iter().map(|view| self.compare(&snapshot, *view)).collect()
    }

    fn again(
        &self,
        snapshot: &Tree,
        fields: &BTreeSet<&str>,
        view: usize,
    ) -> Result<Drawn, String> {
        let changed = self.read(snapshot, fields)?;
        CANVASES.with_borrow_mut(|canvases| match self.views.get(view) {
            Some(view) => paint(&changed, view, canvases.entry(view.size).or_default()),
            None => Ok(()),
        })?;
        let after = self.compare(&self.snapshot, view)?;
        let alone = || self.drawn.get(view).cloned();
        after.or_else(alone).ok_or_else(|| format!("there is no view {view}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nudge::{Bounds, nudges};
    use crate::real::{RealRig, draw};
    use crate::rig::{Rig as _, Script, Subject};
    use crate::tree::{Path, Shape, set};

    /// Every leaf of the calm run is changed once: what is read in part is what is read as a whole, and so is its look.
    #[test]
    fn a_part_that_is_read_alone_looks_as_if_all_was_read() {
        let scenario = RealRig.scenarios().swap_remove(0);
        let steps = RealRig.emit(&scenario.inputs).unwrap();
        let script = Script { steps, idle: scenario.idle, wall_step: 0.0 };
        let tree = RealRig.fold(&script).unwrap().snapshot;
        let widgets = draw::widgets().into_iter().map(|widget| {
            let size = draw::sizes(&widget.name)[0];
            View { what: Subject::Widget(widget.name), scene: "main", size }
        });
        let mut views: Vec<View> = widgets.collect();
        let size = crate::rig::Size { columns: 120, rows: 40 };
        views.push(View { what: Subject::Screen, scene: "main", size });
        let look = Look::new(&tree, &views).unwrap();
        assert_eq!(look.before(), draw::draw(&tree, &views).unwrap());
        let all: Vec<usize> = (0..views.len()).collect();
        let mut shape = Shape::new(RealRig.maps());
        shape.observe(&Path::default(), &tree);
        let mut moved = 0;
        let mut last = String::new();
        for (path, leaf) in shape.leaves(&Path::default(), &tree) {
            // One entry of each list is enough here.
            if std::mem::replace(&mut last, path.wild()) == path.wild() {
                continue;
            }
            for other in nudges(leaf, Bounds::default(), &RealRig.words()).into_iter().take(1) {
                let mut changed = tree.clone();
                assert!(set(&mut changed, &path, other));
                let top = path.to_string();
                let top = top.split(['.', '[']).next().unwrap();
                let expected = draw::draw(&changed, &views);
                let seen = look.changed(&changed, &BTreeSet::from([top]), &all);
                match (expected, seen) {
                    (Ok(expected), Ok(seen)) => {
                        moved += seen.iter().flatten().count();
                        let seen = seen.into_iter().zip(look.before());
                        let seen: Vec<Drawn> = seen
                            .map(|(drawn, before)| drawn.unwrap_or_else(|| before.clone()))
                            .collect();
                        assert_eq!(seen, expected, "{path}");
                    }
                    (Err(_), Err(_)) => {}
                    (expected, seen) => panic!("{path}: {expected:?} {seen:?}"),
                }
            }
        }
        assert!(100 < moved, "{moved}");
    }
}
