//! What a record's file says, by the record and by the side that its pack is of.

use super::mapping::fulfilment::{ErpFulfilmentFile, ShopFulfilmentFile};
use super::mapping::{
    CustomerFile, ErpOrderFile, ErpRecordFile, ErpStockFile, ShopOrderFile, ShopRecordFile,
    ShopRefundFile, ShopStockFile,
};

#[derive(Debug, Clone)]
pub enum Body {
    ErpRecord(Box<ErpRecordFile>),
    ErpStock(Box<ErpStockFile>),
    ShopRecord(Box<ShopRecordFile>),
    ShopStock(Box<ShopStockFile>),
    ErpOrder(Box<ErpOrderFile>, Box<ShopRecordFile>),
    ShopOrder(Box<ShopOrderFile>),
    ShopRefund(Box<ShopRefundFile>),
    ErpFulfilment(Box<ErpFulfilmentFile>),
    ShopFulfilment(Box<ShopFulfilmentFile>),
    Customer(Box<CustomerFile>, Box<ShopRecordFile>),
}

impl Body {
    /// Of the file of an order or a refund, what it has in common with the files of a shop's records: both say which rows to write.
    pub fn erp_order(file: ErpOrderFile) -> Body {
        let common = ShopRecordFile {
            record: file.record.clone(),
            fields: file.fields.clone(),
            find: file.find.clone(),
            link: file.link.clone(),
            write: file.write.clone(),
            ..ShopRecordFile::default()
        };
        Body::ErpOrder(Box::new(file), Box::new(common))
    }

    pub fn customer(file: CustomerFile) -> Body {
        let common = ShopRecordFile {
            record: file.record.clone(),
            fields: file.fields.clone(),
            find: file.find.clone(),
            link: file.link.clone(),
            write: file.write.clone(),
            derived: file.derived.clone(),
            forget: file.forget.clone(),
            ..ShopRecordFile::default()
        };
        Body::Customer(Box::new(file), Box::new(common))
    }
}
