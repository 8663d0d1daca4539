//! How an endpoint keeps strangers from using up what it has, and how it tells its peers what it has lost: cookies, puzzles,
//! tokens, and a bound on what is said to those who are not authenticated.

mod cookie;
mod limiter;
mod puzzle;
mod token;

pub(crate) use cookie::{Cookies, Origin};
pub(crate) use limiter::Limiter;
pub(crate) use puzzle::{Puzzle, solution, solve, zero_bits};
pub(crate) use token::{Tokens, shows, told};
