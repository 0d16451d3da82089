//! The mappings of other systems' exports that plazo brings along, one readable TOML file each.

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each.
        pub const EXPORTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("exports/", $name, ".toml")))),*];
    };
}

embedded!["chatwoot", "freshdesk", "glpi", "hubspot", "zammad", "zendesk"];

/// The text of one.
pub fn text(name: &str) -> Option<&'static str> {
    EXPORTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> {
    EXPORTS.iter().map(|(name, _)| *name)
}
