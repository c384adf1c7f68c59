//! The fields of a JSON request, taken one by one so that an error names the one that is wrong.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::error::ApiError;

/// A request's fields.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ApiError::bad_request("the body must be a JSON object")),
            Err(error) => Err(ApiError::bad_request(format!(
                "the body is no JSON: {error}"
            ))),
        }
    }

    /// Takes a field as it is; absent and null are the same.
    pub fn value(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    /// Takes a field that may be absent.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, ApiError> {
        let wrong = |error| ApiError::invalid(key, format!("`{key}`: {error}"));
        let value = self.value(key).map(serde_json::from_value);
        value.transpose().map_err(wrong)
    }

    /// Takes a field that has a default.
    pub fn or<T: DeserializeOwned>(&mut self, key: &str, default: T) -> Result<T, ApiError> {
        Ok(self.optional(key)?.unwrap_or(default))
    }

    /// Takes a whole number of a range.
    pub fn within(&mut self, key: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let value: Option<i64> = self.optional(key)?;
        match value {
            Some(value) if !(least..=most).contains(&value) => Err(ApiError::invalid(
                key,
                format!("`{key}` is {value}; it must lie between {least} and {most}"),
            )),
            value => Ok(value),
        }
    }

    /// Refuses fields that would change the answer but are not supported, unless they have the
    /// value that changes nothing. Silently ignored, they would make the answer a wrong one.
    pub fn refuse(&mut self, neutral: &[(&str, Value)]) -> Result<(), ApiError> {
        for (key, value) in neutral {
            let given = self.value(key).unwrap_or(Value::Null);
            let empty = given == json!([]) || given == json!({}) || given == json!("");
            let same = match (given.as_f64(), value.as_f64()) {
                (Some(given), Some(value)) => given == value,
                _ => given == *value,
            };
            if !(given.is_null() || empty || same) {
                let message = format!("`{key}` is not supported by this server; leave it out");
                return Err(ApiError::invalid(key, message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: &Value) -> Fields {
        Fields::parse(value.to_string().as_bytes()).unwrap()
    }

    fn message(error: ApiError) -> (String, Value) {
        (error.to_string(), error.body()["error"]["param"].clone())
    }

    #[test]
    fn wrong_fields_are_named() {
        let mut given = fields(&json!({"n": "two", "seed": 7, "top_p": null, "k": 9}));
        let (text, param) = message(given.optional::<u32>("n").unwrap_err());
        assert!(text.contains("`n`") && text.contains("two"), "{text}");
        assert_eq!(param, "n");
        assert_eq!(given.or("seed", 0u64).unwrap(), 7);
        assert_eq!(given.or("top_p", 0.5).unwrap(), 0.5);
        let (text, _) = message(given.within("k", 0, 5).unwrap_err());
        assert!(text.contains("between 0 and 5"), "{text}");
        for body in ["[]", "{", ""] {
            assert!(Fields::parse(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn unsupported_fields_are_refused_unless_they_change_nothing() {
        let neutral = [("penalty", json!(0)), ("suffix", Value::Null)];
        for value in [
            json!({}),
            json!({"penalty": 0.0, "suffix": ""}),
            json!({"penalty": null}),
        ] {
            fields(&value).refuse(&neutral).unwrap();
        }
        for (value, key) in [
            (json!({"penalty": 0.5}), "penalty"),
            (json!({"suffix": "x"}), "suffix"),
        ] {
            let (text, param) = message(fields(&value).refuse(&neutral).unwrap_err());
            assert!(text.contains("not supported"), "{text}");
            assert_eq!(param, key);
        }
    }
}
