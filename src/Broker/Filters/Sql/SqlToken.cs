namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>A word of an expression: what it is, and where it stands.</summary>
internal readonly record struct SqlToken(SqlWord Word, int Start, int End);

/// <summary>The words of RocketMQ's SQL92.</summary>
internal enum SqlWord
{
    End,
    Name,
    Text,
    Decimal,
    Float,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Open,
    Close,
    Comma,
    Plus,
    Minus,
    Not,
    And,
    Or,
    Between,
    In,
    True,
    False,
    Null,
    Is,
    Contains,
    StartsWith,
    EndsWith,
}
