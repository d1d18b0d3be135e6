//! What comes before the rows and what after them. What is built over rows makes all that needs it late too, but not
//! where a type is enough: a table may have a column of the row type of a view that groups by a primary key.

use super::dependencies::Need;
use super::order::{Graph, label};
use super::{Entry, Reader, two_steps};
use crate::error::{Error, Kind, Result};
use crate::manifest::Section;

/// Moves late entries to `PostData`, and creates those whose type is needed early in two steps.
pub(super) async fn settle(reader: &Reader<'_>, graph: &mut Graph) -> Result<()> {
    postpone(graph);
    // A first step may need the type of another late entry.
    while let Some((late, early)) = needed_early(graph) {
        if !two_steps::divide(reader, graph, late, &early).await? {
            return Err(too_late(&graph.entries[early[0]], &graph.entries[late]));
        }
    }
    Ok(())
}

fn postpone(Graph { entries, edges: needs }: &mut Graph) {
    let mut dependents = vec![Vec::new(); entries.len()];
    for (entry, needed) in needs.iter().enumerate() {
        for (needed, need) in needed {
            dependents[*needed].push((entry, *need));
        }
    }
    let mut late: Vec<usize> =
        (0..entries.len()).filter(|index| entries[*index].section == Section::PostData).collect();
    while let Some(index) = late.pop() {
        for &(dependent, need) in &dependents[index] {
            let waits = need == Need::Whole || !two_steps::type_comes_first(&entries[index]);
            if waits && entries[dependent].section == Section::PreData && entries[dependent].kind != "table" {
                entries[dependent].section = Section::PostData;
                late.push(dependent);
            }
        }
    }
}

/// A late entry, and the early ones that need it.
fn needed_early(Graph { entries, edges: needs }: &Graph) -> Option<(usize, Vec<usize>)> {
    let early = |index: &usize| entries[*index].section == Section::PreData;
    let late = (0..entries.len())
        .filter(early)
        .flat_map(|index| needs[index].keys().copied())
        .find(|needed| entries[*needed].section == Section::PostData)?;
    Some((late, (0..entries.len()).filter(early).filter(|index| needs[*index].contains_key(&late)).collect()))
}

fn too_late(early: &Entry, needed: &Entry) -> Error {
    let message = format!("{} needs {}, which can only be created over rows", label(early), label(needed));
    Error::new(Kind::Unsupported, message).hint("Break the dependency, for example by a function in between.")
}
