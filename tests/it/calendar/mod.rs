//! Working time: recorded cases, a slow reference, and the commands.

mod cases;
mod commands;
mod properties;
