using System.Text;

namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>
/// How two values compare. The properties of a message are texts: one that meets a number is read as a number of the same
/// kind (a whole number must be written as one), one that meets a truth value as a truth value.
/// </summary>
internal static class SqlComparison
{
    /// <summary>Whether two are equal; false when that cannot be computed.</summary>
    public static bool TryEqual(in SqlValue left, ReadOnlySpan<byte> leftText, in SqlValue right, ReadOnlySpan<byte> rightText, out SqlValue equal)
    {
        if (left.IsNull || right.IsNull)
        {
            // Apache's order: unknown when the left one is missing, not equal when the right one is, equal when both are.
            equal = !left.IsNull ? SqlValue.False : right.IsNull ? SqlValue.True : SqlValue.Null;
            return true;
        }

        if (left.IsText && right.IsText)
        {
            equal = SqlValue.Of(leftText.SequenceEqual(rightText));
            return true;
        }

        bool known = TryCompare(left, leftText, right, rightText, out int order);
        equal = SqlValue.Of(order == 0);
        return known;
    }

    /// <summary>The order of two that are not null; false when there is none. Kinds that have none are -1, as in Java.</summary>
    public static bool TryCompare(in SqlValue left, ReadOnlySpan<byte> leftText, in SqlValue right, ReadOnlySpan<byte> rightText, out int order)
    {
        order = -1;
        if (left.IsText)
        {
            // Two texts compare as numbers, or not at all.
            SqlKind kind = right.IsText ? SqlKind.Double : right.Kind;
            SqlValue other = right;
            return TryRead(leftText, kind, out SqlValue read)
                && (!right.IsText || TryRead(rightText, kind, out other))
                && Order(read, other, out order);
        }

        if (right.IsText)
        {
            return left.Kind != SqlKind.Boolean && TryRead(rightText, left.Kind, out SqlValue read) && Order(left, read, out order);
        }

        return Order(left, right, out order);
    }

    private static bool Order(in SqlValue left, in SqlValue right, out int order)
    {
        if ((left.Kind == SqlKind.Boolean) != (right.Kind == SqlKind.Boolean))
        {
            order = -1;
        }
        else
        {
            order = left.Kind == SqlKind.Double || right.Kind == SqlKind.Double
                ? Order(left.Number, right.Number)
                : left.Bits.CompareTo(right.Bits);
        }

        return true;
    }

    // Java's order of doubles: -0.0 before 0.0, and NaN behind all.
    private static int Order(double left, double right)
    {
        if (left < right)
        {
            return -1;
        }

        if (left > right)
        {
            return 1;
        }

        long leftBits = double.IsNaN(left) ? long.MaxValue : BitConverter.DoubleToInt64Bits(left);
        long rightBits = double.IsNaN(right) ? long.MaxValue : BitConverter.DoubleToInt64Bits(right);
        return leftBits.CompareTo(rightBits);
    }

    private static bool TryRead(ReadOnlySpan<byte> text, SqlKind kind, out SqlValue value)
    {
        switch (kind)
        {
            case SqlKind.Boolean:
                value = SqlValue.Of(Ascii.EqualsIgnoreCase(text, "true"u8));
                return true;
            case SqlKind.Double:
                bool isDouble = JavaNumbers.TryDouble(text, out double number);
                value = SqlValue.Of(number);
                return isDouble;
            default:
                bool isWhole = JavaNumbers.TryLong(text, kind == SqlKind.Int ? int.MinValue : long.MinValue, out long whole);
                value = new SqlValue(kind, whole);
                return isWhole;
        }
    }
}
