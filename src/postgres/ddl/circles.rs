//! Objects that need each other. One of them is created in two steps: its first step is enough for the others, and its
//! second one needs them.

use std::collections::BTreeMap;

use super::dependencies::Edges;
use super::order::Graph;
use super::{Reader, two_steps};
use crate::error::Result;

/// Kinds that have a first step, those first for which it says least: a shell of a type is nothing but a name.
const KINDS: [&str; 5] = ["type", "domain", "view", "function", "procedure"];

/// Divides entries until nothing needs itself any more, as far as that can be done; the rest is for the order to name.
pub(super) async fn break_open(reader: &Reader<'_>, graph: &mut Graph) -> Result<()> {
    let stuck = stuck(&graph.edges);
    for kind in KINDS {
        for &index in stuck.iter().filter(|index| graph.entries[**index].kind == kind).collect::<Vec<_>>() {
            let needed = needed_by(&graph.edges, index);
            let others: Vec<usize> =
                (0..needed.len()).filter(|other| needed[*other] && graph.edges[*other].contains_key(&index)).collect();
            if !others.is_empty() {
                two_steps::divide(reader, graph, index, &others).await?;
            }
        }
    }
    Ok(())
}

/// Entries in circles, and all that needs them.
fn stuck(needs: &Edges) -> Vec<usize> {
    let mut dependents = vec![Vec::new(); needs.len()];
    for (index, needed) in needs.iter().enumerate() {
        for needed in needed.keys() {
            dependents[*needed].push(index);
        }
    }
    let mut missing: Vec<usize> = needs.iter().map(BTreeMap::len).collect();
    let mut free: Vec<usize> = (0..needs.len()).filter(|index| missing[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for &dependent in &dependents[index] {
            missing[dependent] -= 1;
            if missing[dependent] == 0 {
                free.push(dependent);
            }
        }
    }
    (0..needs.len()).filter(|index| missing[*index] > 0).collect()
}

/// What an entry needs, and what that needs, and so on; it may be among it itself.
pub(super) fn needed_by(needs: &Edges, index: usize) -> Vec<bool> {
    let mut needed = vec![false; needs.len()];
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        for &next in needs[index].keys() {
            if !std::mem::replace(&mut needed[next], true) {
                open.push(next);
            }
        }
    }
    needed
}
