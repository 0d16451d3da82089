//! The mappings that plazo brings along, one readable TOML file each. Teams copy one to connect what nobody foresaw.

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each preset.
        pub const PRESETS: &[(&str, &str)] = &[$(($name, include_str!(concat!("presets/", $name, ".toml")))),*];
    };
}

embedded![
    "bitrix24",
    "chatwoot",
    "clickup",
    "evolution-api",
    "freescout",
    "freshdesk",
    "front",
    "front-rule",
    "genesys",
    "glpi",
    "glpi-rest",
    "hubspot",
    "instagram",
    "intercom",
    "kommo",
    "libredesk",
    "messenger",
    "jira-sm",
    "jira-sm-automation",
    "msgraph",
    "odoo",
    "pushover",
    "slack",
    "standard-webhooks",
    "telegram",
    "twilio-whatsapp",
    "waha",
    "whatsapp-cloud",
    "zammad",
    "zendesk",
    "zoho-desk",
];

/// The text of a preset.
pub fn text(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all presets.
pub fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}
