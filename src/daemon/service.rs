//! What systemd is told. Without systemd these calls do nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// Start is finished.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again.
pub(super) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Stopping.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Alerts can be decided.
pub(super) fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear from us, if it does.
pub(super) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 3)
}

fn tell(states: &[NotifyState<'_>]) {
    // Nobody may be listening.
    sd_notify::notify(states).ok();
}
