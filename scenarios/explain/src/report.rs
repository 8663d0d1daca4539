//! What a capture shows, in the forms in which it is read.

mod html;
mod json;
mod skeleton;
mod summary;
mod text;

pub use html::Html;
pub use json::Json;
pub use skeleton::{NotSketched, skeleton};
pub use summary::summary;
pub use text::{Form, Text};
