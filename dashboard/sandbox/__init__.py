"""The sandbox: a page that plays customers and providers. Never imported by `channels/`, never on unless asked for."""
