//! The lines in front of a tree's rows.

/// What stands before a node: on its own line, and on further lines that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) first: String,
    pub(super) rest: String,
}

/// Deeper nodes are not indented further: nobody could see the difference, and hostile traces are deep.
const MAX_DEPTH: usize = 24;

/// The branches of nodes that are given parents first, each with the index of its parent.
pub(super) fn branches(parents: &[Option<usize>]) -> Vec<Branch> {
    let mut is_last = vec![true; parents.len()];
    let mut has_later = vec![false; parents.len()];
    for (index, parent) in parents.iter().enumerate().rev() {
        if let Some(seen) = parent.and_then(|parent| has_later.get_mut(parent)) {
            is_last[index] = !*seen;
            *seen = true;
        }
    }
    let mut branches: Vec<Branch> = Vec::with_capacity(parents.len());
    let mut depths: Vec<usize> = Vec::with_capacity(parents.len());
    for (index, parent) in parents.iter().enumerate() {
        let above = parent.and_then(|parent| Some((branches.get(parent)?, depths[parent])));
        let (branch, depth) = match above {
            None => (Branch::default(), 0),
            Some((above, depth)) if depth >= MAX_DEPTH => (above.clone(), depth),
            Some((above, depth)) => {
                let (first, rest) = if is_last[index] {
                    ("└─ ", "   ")
                } else {
                    ("├─ ", "│  ")
                };
                let branch = Branch {
                    first: format!("{}{first}", above.rest),
                    rest: format!("{}{rest}", above.rest),
                };
                (branch, depth + 1)
            }
        };
        branches.push(branch);
        depths.push(depth);
    }
    branches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn siblings_are_joined_and_the_last_one_ends_the_line() {
        let first: Vec<String> = branches(&[None, Some(0), Some(1), Some(0), None])
            .into_iter()
            .map(|branch| branch.first)
            .collect();
        assert_eq!(first, ["", "├─ ", "│  └─ ", "└─ ", ""]);
    }

    #[test]
    fn a_very_deep_tree_stays_narrow() {
        let parents: Vec<Option<usize>> = (0..50_000usize).map(|index| index.checked_sub(1)).collect();
        let widest = branches(&parents)
            .iter()
            .map(|branch| branch.first.chars().count())
            .max();
        assert_eq!(widest, Some(3 * MAX_DEPTH));
    }

    proptest! {
        #[test]
        fn any_parents_give_one_branch_each(parents in prop::collection::vec(prop::option::of(0usize..40), 0..40)) {
            prop_assert_eq!(branches(&parents).len(), parents.len());
        }
    }
}
