//! Bearer tokens (the distribution project's "Token authentication specification", and its OAuth 2 form).

use super::challenge::Challenge;
use super::login::Login;
use super::session::{Refused, check, explained, once, value};
use crate::error::{Error, Kind};
use crate::upstream::client::bounded;
use crate::upstream::failure::shown;
use crate::upstream::{Failure, Upstream};
use http::{HeaderValue, StatusCode, header};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use url::Url;

/// Longest answer of a token server, in bytes.
const MOST_TOKEN_BYTES: usize = 1 << 20;

/// A token for pulling from one repository: GET for name and password, POST (OAuth 2, RFC 6749, section 6) for a refresh token.
pub(super) async fn token(
    upstream: &Upstream,
    url: &Url,
    repository: &str,
    bearer: &Challenge,
    login: Option<&Login>,
) -> std::result::Result<HeaderValue, Refused> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
        access_token: Option<String>,
    }
    let realm = realm(url, bearer)?;
    let parameter = |name: &str| bearer.parameters.get(name).cloned();
    let scope = parameter("scope").unwrap_or_else(|| format!("repository:{repository}:pull"));
    let service = parameter("service").unwrap_or_default();
    let request = asking(upstream.client(), &realm, &service, &scope, login);
    let response = match check(&realm, once(&realm, request).await?).await {
        Ok(response) => response,
        Err(refused) if matches!(refused.status, Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST)) => {
            let why = if login.is_some() { "the token server refuses the login" } else { "the token server wants a login" };
            let failure = explained(refused.failure, login, why);
            return Err(Refused { status: Some(StatusCode::UNAUTHORIZED), failure });
        }
        // Not the registry's own answer: a 404 here must not look like a missing image.
        Err(refused) => return Err(refused.failure.into()),
    };
    let bytes = bounded(&realm, response, MOST_TOKEN_BYTES).await?;
    let unreadable = || Failure::permanent(Error::new(Kind::Upstream, format!("{}: the answer is not a registry token", shown(&realm))));
    let token: Token = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    let token = token.token.or(token.access_token).filter(|t| !t.is_empty()).ok_or_else(unreadable)?;
    value(&format!("Bearer {token}"))
}

fn asking(client: &Client, realm: &Url, service: &str, scope: &str, login: Option<&Login>) -> RequestBuilder {
    if let Some(Login::Refresh(token, _)) = login {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token);
        form.append_pair("service", service).append_pair("scope", scope).append_pair("client_id", "airlift");
        let (form, request) = (form.finish(), client.post(realm.clone()));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").header(header::CONTENT_LENGTH, form.len());
        // A stream cannot be sent twice: a redirect does not take the refresh token along.
        return request.body(reqwest::Body::wrap_stream(futures::stream::iter([Ok::<_, std::convert::Infallible>(form)])));
    }
    let mut url = realm.clone();
    if !service.is_empty() {
        url.query_pairs_mut().append_pair("service", service);
    }
    url.query_pairs_mut().append_pair("scope", scope);
    match login {
        Some(Login::Basic(name, password, _)) => client.get(url).basic_auth(name, Some(password)),
        _ => client.get(url),
    }
}

/// The token server. A registry asked over TLS cannot have the login sent over plain HTTP.
fn realm(url: &Url, bearer: &Challenge) -> std::result::Result<Url, Refused> {
    let wrong = |why: &str, realm: &str| {
        Failure::permanent(
            Error::new(Kind::Upstream, format!("{}: the token server it names is refused: {why}", shown(url)))
                .with("found", format!("{realm:.200}")),
        )
    };
    let text = bearer.parameters.get("realm").map_or("", String::as_str);
    let realm = Url::parse(text).map_err(|_| wrong("not a URL", text))?;
    match (realm.scheme(), url.scheme()) {
        _ if !realm.username().is_empty() || realm.password().is_some() => {
            Err(wrong("it carries a user name", realm.host_str().unwrap_or_default()).into())
        }
        ("https", _) | ("http", "http") => Ok(realm),
        _ => Err(wrong("it must be reached over https", text).into()),
    }
}
