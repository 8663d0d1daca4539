use crate::file::{self, Scenario};

/// What a file comes to in which what is called `home` stands between west and east, and west's end of the IKE configuration is
/// told `west`.
pub(in crate::file::resolve) fn with_box(noun: &str, west: &str) -> Result<Scenario, String> {
    let text = format!(
        r#"title = "Something between"
story = '''
0s west: initiate net
   expect net up at west, east within 5s
'''
[peer.west]
address = "10.0.0.2"
protects = "10.1.0.0/16"
[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"
[link.lan]
joins = ["west", "home"]
[link.wan]
joins = ["home", "east"]
[ike.site]
ends = ["west", "east"]
auth = {{ psk = "secret" }}
[ike.site.at.west]
{west}
[child.net]
of = "site"
{noun}"#
    );
    file::parse("between.toml", &text).map_err(|diagnostics| diagnostics.render(false))
}
