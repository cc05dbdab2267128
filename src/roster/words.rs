//! Words by which columns, tiers and statuses are known.

use crate::model::RosterField;

/// Names of columns by field, the surest first; compared in small letters, without what stands in
/// brackets and without anything but letters and digits.
pub(super) fn columns(field: RosterField) -> &'static [&'static str] {
    COLUMNS[field.index()]
}

/// In the order of [`RosterField::ALL`].
static COLUMNS: [&[&str]; 11] = [
    // Id
    &[
        "id",
        "creatorid",
        "kolid",
        "influencerid",
        "uid",
        "userid",
        "accountid",
        "openid",
        "handle",
        "creatorhandle",
        "username",
        "account",
        "accountname",
        "达人id",
        "博主id",
        "红人id",
        "账号id",
        "小红书号",
        "抖音号",
        "账号",
        "达人账号",
        "编号",
    ],
    // Name
    &[
        "name",
        "creatorname",
        "displayname",
        "nickname",
        "fullname",
        "influencername",
        "creator",
        "influencer",
        "kol",
        "昵称",
        "达人昵称",
        "博主昵称",
        "达人名称",
        "姓名",
        "名称",
        "名字",
        "达人",
        "博主",
        "红人",
    ],
    // Tier
    &[
        "tier",
        "creatortier",
        "influencertier",
        "level",
        "达人等级",
        "达人层级",
        "层级",
        "等级",
        "级别",
        "量级",
    ],
    // Followers
    &[
        "followers",
        "followercount",
        "followerscount",
        "numberoffollowers",
        "subscribers",
        "fans",
        "fanscount",
        "audiencesize",
        "粉丝",
        "粉丝数",
        "粉丝量",
        "粉丝数量",
    ],
    // Fee
    &[
        "fee",
        "fees",
        "feeperpost",
        "price",
        "priceperpost",
        "postfee",
        "postprice",
        "quote",
        "cost",
        "costperpost",
        "ratecard",
        "报价",
        "价格",
        "单价",
        "费用",
        "合作费用",
        "合作报价",
        "图文报价",
        "刊例价",
    ],
    // EngagementRate
    &[
        "engagementrate",
        "er",
        "engrate",
        "avgengagementrate",
        "averageengagementrate",
        "engagement",
        "interactionrate",
        "互动率",
        "平均互动率",
    ],
    // Category
    &[
        "category",
        "categories",
        "vertical",
        "niche",
        "topic",
        "类目",
        "品类",
        "领域",
        "分类",
        "垂类",
        "赛道",
    ],
    // Region
    &[
        "region", "area", "market", "city", "location", "country", "province", "地区", "区域",
        "地域", "城市", "省份",
    ],
    // Status
    &[
        "status",
        "state",
        "availability",
        "available",
        "状态",
        "合作状态",
        "是否可合作",
    ],
    // PastPosts
    &["pastposts", "previousposts", "历史合作次数", "历史投放数"],
    // PastConversions
    &[
        "pastconversions",
        "pastorders",
        "previousorders",
        "历史转化",
        "历史转化数",
        "历史订单",
        "历史订单数",
    ],
];

/// Words by which tiers are known.
pub(super) const TIERS: [(&str, &[&str]); 5] = [
    ("mega", &["mega", "celebrity", "超头部", "头部"]),
    ("macro", &["macro", "肩部"]),
    ("mid", &["mid", "middle", "midtier", "腰部"]),
    ("micro", &["micro", "尾部"]),
    ("nano", &["nano", "koc", "素人"]),
];

/// Statuses of creators that cannot be booked.
pub(super) const CLOSED: [&str; 34] = [
    "inactive",
    "unavailable",
    "notavailable",
    "booked",
    "paused",
    "onhold",
    "hold",
    "blocked",
    "blacklist",
    "blacklisted",
    "banned",
    "suspended",
    "rejected",
    "declined",
    "closed",
    "expired",
    "exclusive",
    "archived",
    "deleted",
    "removed",
    "no",
    "false",
    "0",
    "n",
    "否",
    "不可合作",
    "停用",
    "暂停",
    "黑名单",
    "已拒绝",
    "不合作",
    "停更",
    "封禁",
    "不可用",
];

/// Rows that sum up others.
pub(super) const SUMS: [&str; 9] = [
    "total",
    "totals",
    "grandtotal",
    "sum",
    "average",
    "合计",
    "总计",
    "平均",
    "汇总",
];
