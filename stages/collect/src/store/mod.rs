//! Object stores: `s3://` and the like.
