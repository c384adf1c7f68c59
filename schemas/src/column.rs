//! How a Rust field is stored as an Arrow column.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, ListArray, ListBuilder,
    PrimitiveArray, PrimitiveBuilder, StringArray,
};
use arrow::datatypes::{
    DataType, Field, Float32Type, Float64Type, UInt16Type, UInt32Type, UInt64Type,
};

/// A Rust type that one Arrow column can hold.
pub(crate) trait Column: Sized {
    /// The column's Arrow type.
    fn data_type() -> DataType;
    /// Whether the column may hold nulls.
    const NULLABLE: bool = false;
    /// About how many bytes this value takes in the column.
    fn size(&self) -> usize;
    /// Builds the column from one field of many rows.
    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef
    where
        Self: 'a;
    /// Reads the column back; `None` when the array is of another type.
    fn from_array(array: &dyn Array) -> Option<Vec<Self>>;
}

impl Column for String {
    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn size(&self) -> usize {
        self.len()
    }

    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(values))
    }

    fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
        let array = array.as_any().downcast_ref::<StringArray>()?;
        Some(array.iter().map(|v| v.unwrap_or("").to_owned()).collect())
    }
}

impl Column for Option<String> {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn size(&self) -> usize {
        self.as_ref().map_or(0, String::len)
    }

    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(values.map(Option::as_deref).collect::<StringArray>())
    }

    fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
        let array = array.as_any().downcast_ref::<StringArray>()?;
        Some(array.iter().map(|v| v.map(str::to_owned)).collect())
    }
}

impl Column for Vec<u8> {
    fn data_type() -> DataType {
        DataType::Binary
    }

    fn size(&self) -> usize {
        self.len()
    }

    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(BinaryArray::from_iter_values(values))
    }

    fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
        let array = array.as_any().downcast_ref::<BinaryArray>()?;
        Some(array.iter().map(|v| v.unwrap_or(&[]).to_vec()).collect())
    }
}

impl Column for Vec<u32> {
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new("item", DataType::UInt32, false)))
    }

    fn size(&self) -> usize {
        self.len() * size_of::<u32>()
    }

    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        let mut builder = ListBuilder::new(PrimitiveBuilder::<UInt32Type>::new())
            .with_field(Field::new("item", DataType::UInt32, false));
        for value in values {
            builder.values().append_slice(value);
            builder.append(true);
        }
        Arc::new(builder.finish())
    }

    fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
        let array = array.as_any().downcast_ref::<ListArray>()?;
        let all = array.values().as_any();
        if let Some(ids) = all.downcast_ref::<PrimitiveArray<UInt16Type>>() {
            return slices(array, ids.values(), |part| {
                part.iter().copied().map(u32::from).collect()
            });
        }
        let all = all.downcast_ref::<PrimitiveArray<UInt32Type>>()?;
        slices(array, all.values(), <[u32]>::to_vec)
    }
}

/// Each list of a column by its part of the values.
fn slices<T>(
    lists: &ListArray,
    values: &[T],
    part: impl Fn(&[T]) -> Vec<u32>,
) -> Option<Vec<Vec<u32>>> {
    let slice = |pair: &[i32]| match pair {
        [from, to] => values.get(*from as usize..*to as usize).map(&part),
        _ => None,
    };
    lists.value_offsets().windows(2).map(slice).collect()
}

impl Column for Option<bool> {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn size(&self) -> usize {
        1
    }

    fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(values.copied().collect::<BooleanArray>())
    }

    fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
        let array = array.as_any().downcast_ref::<BooleanArray>()?;
        Some(array.iter().collect())
    }
}

macro_rules! primitive_columns {
    ($($rust:ty => $arrow:ty),* $(,)?) => {$(
        impl Column for $rust {
            fn data_type() -> DataType {
                <$arrow>::DATA_TYPE
            }

            fn size(&self) -> usize {
                size_of::<Self>()
            }

            fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new(PrimitiveArray::<$arrow>::from_iter_values(values.copied()))
            }

            fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
                let array = array.as_any().downcast_ref::<PrimitiveArray<$arrow>>()?;
                Some(array.iter().map(Option::unwrap_or_default).collect())
            }
        }

        impl Column for Option<$rust> {
            const NULLABLE: bool = true;

            fn data_type() -> DataType {
                <$arrow>::DATA_TYPE
            }

            fn size(&self) -> usize {
                size_of::<Self>()
            }

            fn to_array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new(values.copied().collect::<PrimitiveArray<$arrow>>())
            }

            fn from_array(array: &dyn Array) -> Option<Vec<Self>> {
                let array = array.as_any().downcast_ref::<PrimitiveArray<$arrow>>()?;
                Some(array.iter().collect())
            }
        }
    )*};
}

primitive_columns! {
    u32 => UInt32Type,
    u64 => UInt64Type,
    f32 => Float32Type,
    f64 => Float64Type,
}
