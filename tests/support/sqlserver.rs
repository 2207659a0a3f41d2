//! The tests' own connection to SQL Server.

use tiberius::{AuthMethod, ColumnData, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

pub type Connection = tiberius::Client<Compat<TcpStream>>;

pub async fn connect(url: &str) -> Result<Connection, String> {
    let url = url::Url::parse(url).map_err(|error| error.to_string())?;
    let mut config = Config::new();
    config.host(url.host_str().unwrap_or("localhost"));
    config.port(url.port().unwrap_or(1433));
    config.database(url.path().trim_start_matches('/'));
    let plain = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text);
        decoded.decode_utf8_lossy().into_owned()
    };
    config.authentication(AuthMethod::sql_server(
        plain(url.username()),
        plain(url.password().unwrap_or_default()),
    ));
    config.trust_cert();
    config.encryption(match url.query() {
        Some(query) if query.contains("tls=required") => EncryptionLevel::Required,
        _ => EncryptionLevel::NotSupported,
    });
    let said = |error: tiberius::error::Error| error.to_string();
    let stream = TcpStream::connect(config.get_addr())
        .await
        .map_err(|error| error.to_string())?;
    // A statement of many packets would wait for the server's delayed acknowledgement of each.
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    Connection::connect(config, stream.compat_write())
        .await
        .map_err(said)
}

/// A value as the server would print it; bytes as `\x00ff`.
pub fn text(value: ColumnData<'static>) -> Option<String> {
    match value {
        ColumnData::U8(number) => number.map(|number| number.to_string()),
        ColumnData::I16(number) => number.map(|number| number.to_string()),
        ColumnData::I32(number) => number.map(|number| number.to_string()),
        ColumnData::I64(number) => number.map(|number| number.to_string()),
        ColumnData::F32(number) => number.map(|number| number.to_string()),
        ColumnData::F64(number) => number.map(|number| number.to_string()),
        ColumnData::Bit(truth) => truth.map(|truth| u8::from(truth).to_string()),
        ColumnData::String(text) => text.map(|text| text.into_owned()),
        ColumnData::Xml(text) => text.map(|text| text.into_owned().into_string()),
        ColumnData::Guid(uuid) => uuid.map(|uuid| uuid.to_string()),
        ColumnData::Numeric(number) => number.map(|number| {
            let digits = number.to_string();
            match number.scale() {
                0 => digits.split('.').next().unwrap_or_default().to_owned(),
                _ => digits,
            }
        }),
        ColumnData::Binary(bytes) => bytes.map(|bytes| {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            format!("\\x{}", digits.collect::<String>())
        }),
        ColumnData::Date(Some(date)) => {
            let days = i32::try_from(date.days()).expect("a day of the server's");
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(days + 1);
            Some(date.expect("a day of the server's").to_string())
        }
        // For comparing only: the server writes it otherwise.
        ColumnData::DateTimeOffset(Some(moment)) => Some(format!("{moment:?}")),
        ColumnData::Date(None)
        | ColumnData::Time(None)
        | ColumnData::DateTime(None)
        | ColumnData::SmallDateTime(None)
        | ColumnData::DateTime2(None)
        | ColumnData::DateTimeOffset(None) => None,
        // Dates are asked for as texts where a test wants them.
        other => panic!("CONVERT it to a text: {other:?}"),
    }
}
