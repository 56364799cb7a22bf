namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>What a part of an expression is, which decides what may be done with it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Number">The value of a number.</param>
internal readonly record struct SqlOperand(SqlOperandKind Kind, SqlValue Number = default)
{
    /// <summary>Whether it is a constant as it stands; a number with a sign before it is none.</summary>
    public bool IsConstant => Kind is SqlOperandKind.Number or SqlOperandKind.Text or SqlOperandKind.Truth or SqlOperandKind.Null;

    /// <summary>Whether its value is a truth value without a cast.</summary>
    public bool IsBoolean => Kind is SqlOperandKind.Boolean or SqlOperandKind.Truth or SqlOperandKind.Null;

    /// <summary>Whether &gt;, &gt;=, &lt; and &lt;= take it.</summary>
    public bool Compares => Kind is SqlOperandKind.Number or SqlOperandKind.Property or SqlOperandKind.Signed;
}

/// <summary>Kinds of operands.</summary>
internal enum SqlOperandKind
{
    /// <summary>A property.</summary>
    Property,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>TRUE or FALSE.</summary>
    Truth,

    /// <summary>NULL.</summary>
    Null,

    /// <summary>A comparison, or such joined.</summary>
    Boolean,

    /// <summary>Something with a minus before it.</summary>
    Signed,
}
