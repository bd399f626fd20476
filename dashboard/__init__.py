"""The dashboard's server: sign-in, the HTTP API, the socket and the files of the web app. It never decides."""
