namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>What an expression computes with. Texts stay where they are: in the properties, or among the program's literals.</summary>
internal readonly record struct SqlValue(SqlKind Kind, long Bits, int Start = 0, int Length = 0)
{
    public static SqlValue Null => default;

    public static SqlValue True => new(SqlKind.Boolean, 1);

    public static SqlValue False => new(SqlKind.Boolean, 0);

    public bool IsNull => Kind == SqlKind.Null;

    public bool IsTrue => Kind == SqlKind.Boolean && Bits != 0;

    public bool IsFalse => Kind == SqlKind.Boolean && Bits == 0;

    public bool IsText => Kind is SqlKind.Property or SqlKind.Literal;

    public double Number => Kind == SqlKind.Double ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    public static SqlValue Of(bool value) => value ? True : False;

    public static SqlValue Of(int value) => new(SqlKind.Int, value);

    public static SqlValue Of(long value) => new(SqlKind.Long, value);

    public static SqlValue Of(double value) => new(SqlKind.Double, BitConverter.DoubleToInt64Bits(value));
}

/// <summary>Kinds of values, as Java has them: how two are compared depends on both.</summary>
internal enum SqlKind : byte
{
    Null,
    Boolean,
    Int,
    Long,
    Double,
    Property,
    Literal,
}
