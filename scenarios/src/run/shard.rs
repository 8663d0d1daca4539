//! Which part of the cases one of several machines runs.

/// One of several parts of equal size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0.
    pub index: u64,
    /// How many there are.
    pub count: u64,
}

/// Where an array of jobs tells each of them its index, from which number it counts, and where it tells how many there are.
const ARRAYS: [(&str, u64, Option<&str>); 6] = [
    // GitLab's `parallel`, and GitHub's matrix where the workflow sets the same names.
    ("CI_NODE_INDEX", 1, Some("CI_NODE_TOTAL")),
    // Buildkite's `parallelism`.
    ("BUILDKITE_PARALLEL_JOB", 0, Some("BUILDKITE_PARALLEL_JOB_COUNT")),
    // CircleCI's `parallelism`.
    ("CIRCLE_NODE_INDEX", 0, Some("CIRCLE_NODE_TOTAL")),
    // An indexed job of Kubernetes, which does not tell how many completions it wants.
    ("JOB_COMPLETION_INDEX", 0, None),
    // An array of Slurm that begins at 0.
    ("SLURM_ARRAY_TASK_ID", 0, Some("SLURM_ARRAY_TASK_COUNT")),
    ("AWS_BATCH_JOB_ARRAY_INDEX", 0, Some("AWS_BATCH_JOB_ARRAY_SIZE")),
];

impl Shard {
    /// Reads `0/4`; with `auto` the environment, whose variables `environment` looks up, says both numbers, with `auto/4`
    /// it says the index.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn read(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (index, count) = text.split_once('/').map_or((text, None), |(index, count)| (index, Some(count)));
        let wrong = || format!("\"{text}\" is no part: write 0/4 for the first of four, or auto");
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let count = count.map(number).transpose()?;
        let shard = match (index, count) {
            ("auto", count) => Self::told(count, environment)?,
            (index, Some(count)) => Self { index: number(index)?, count },
            (_, None) => return Err(wrong()),
        };
        if shard.index < shard.count {
            return Ok(shard);
        }
        Err(format!("there is no part {} of {}: they are counted from 0", shard.index, shard.count))
    }

    fn told(count: Option<u64>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let variables = || ARRAYS.map(|(index, ..)| index).join(", ");
        let told = ARRAYS.iter().find_map(|array| Some((array, environment(array.0)?)));
        let ((name, first, total), index) =
            told.ok_or_else(|| format!("the environment has none of {}", variables()))?;
        let number = |name: &str, text: &str| {
            text.trim().parse::<u64>().map_err(|_| format!("{name} is \"{text}\", which is no number"))
        };
        let index = number(name, &index)?
            .checked_sub(*first)
            .ok_or_else(|| format!("{name} is 0, but counts from {first}"))?;
        let count = match (count, total.and_then(|total| Some((total, environment(total)?)))) {
            (Some(count), _) => count,
            (None, Some((total, text))) => number(total, &text)?,
            (None, None) => return Err(format!("{name} says which part, but not of how many: write auto/N")),
        };
        Ok(Self { index, count })
    }

    /// Whether the case with this number, counted over all scenarios, is in this part.
    #[must_use]
    pub fn has(self, number: u64) -> bool {
        number % self.count == self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<(u64, u64), String> {
        let find =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        Shard::read(text, &find).map(|shard| (shard.index, shard.count))
    }

    #[test]
    fn a_part_is_written_or_told_by_the_environment() {
        assert_eq!(read("1/4", &[]), Ok((1, 4)));
        assert_eq!(read("auto", &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")]), Ok((0, 4)));
        assert_eq!(read("auto/8", &[("JOB_COMPLETION_INDEX", "7")]), Ok((7, 8)));
        assert_eq!(
            read("auto", &[("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_ARRAY_TASK_COUNT", "3")]),
            Ok((2, 3))
        );
    }

    #[test]
    fn what_is_no_part_is_told_in_a_sentence() {
        let error = |text, environment| read(text, environment).unwrap_err();
        assert_eq!(error("4/4", &[]), "there is no part 4 of 4: they are counted from 0");
        assert_eq!(error("x", &[]), "\"x\" is no part: write 0/4 for the first of four, or auto");
        assert!(error("auto", &[]).starts_with("the environment has none of CI_NODE_INDEX, "));
        assert_eq!(
            error("auto", &[("JOB_COMPLETION_INDEX", "0")]),
            "JOB_COMPLETION_INDEX says which part, but not of how many: write auto/N"
        );
        assert_eq!(error("auto/2", &[("CI_NODE_INDEX", "0")]), "CI_NODE_INDEX is 0, but counts from 1");
    }

    #[test]
    fn each_case_is_in_one_part() {
        for number in 0..100 {
            assert_eq!((0..7).filter(|index| Shard { index: *index, count: 7 }.has(number)).count(), 1);
        }
    }
}
