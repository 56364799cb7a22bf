using System.Globalization;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>
/// A tree of an expression that computes itself in the plainest way, over objects as Java has them, and writes itself as
/// text. Null is unknown; an <see cref="InvalidOperationException"/> says that it cannot be computed.
/// </summary>
internal abstract record ReferenceSql
{
    public abstract object? Evaluate(IReadOnlyDictionary<string, string> properties);

    internal static int Compare(object left, object right)
    {
        (left, right) = (left, right) switch
        {
            (string l, string r) => (Double(l), Double(r)),
            (string l, bool) => (string.Equals(l, "true", StringComparison.OrdinalIgnoreCase), right),
            (bool, string) => throw new InvalidOperationException(),
            (string l, _) => (Like(l, right), right),
            (_, string r) => (left, Like(r, left)),
            _ => (left, right),
        };
        if (left is bool || right is bool)
        {
            return left is bool a && right is bool b ? a.CompareTo(b) : -1;
        }

        if (left is double || right is double)
        {
            double a = Convert.ToDouble(left, CultureInfo.InvariantCulture);
            double b = Convert.ToDouble(right, CultureInfo.InvariantCulture);
            return a < b ? -1 : a > b ? 1 : 0;
        }

        return Convert.ToInt64(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToInt64(right, CultureInfo.InvariantCulture));
    }

    private static double Like(string text, object number) => number switch
    {
        int => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int i) ? i : throw new InvalidOperationException(),
        long => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long l) ? l : throw new InvalidOperationException(),
        _ => Double(text),
    };

    private static double Double(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) ? d : throw new InvalidOperationException();

    internal sealed record Property(string Name) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) => properties.GetValueOrDefault(Name);

        public override string ToString() => Name;
    }

    internal sealed record Constant(object? Value) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) => Value;

        public override string ToString() => Value switch
        {
            null => "NULL",
            string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
            bool truth => truth ? "TRUE" : "FALSE",
            double number => number.ToString("0.0###", CultureInfo.InvariantCulture),
            _ => string.Create(CultureInfo.InvariantCulture, $"{Value}"),
        };
    }

    internal sealed record Minus(Constant Number) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) =>
            Number.Value switch { int i => -i, long l => -l, double d => -d, _ => null };

        public override string ToString() => $"-{Number}";
    }

    internal sealed record Relation(ReferenceSql Left, string Sign, ReferenceSql Right) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties)
        {
            object? left = Left.Evaluate(properties);
            object? right = Right.Evaluate(properties);
            if (Sign is "=" or "<>")
            {
                bool? equal = left is null || right is null ? left is not null ? false : right is null ? true : null
                    : left is string l && right is string r ? l == r
                    : Compare(left, right) == 0;
                return Sign == "=" ? equal : !equal;
            }

            if (left is null || right is null)
            {
                return null;
            }

            int order = Compare(left, right);
            return Sign switch { ">" => order > 0, ">=" => order >= 0, "<" => order < 0, _ => order <= 0 };
        }

        public override string ToString() => $"{Left} {Sign} {Right}";
    }

    internal sealed record IsNull(ReferenceSql Value, bool Not) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) => Value.Evaluate(properties) is null != Not;

        public override string ToString() => $"{Value} IS {(Not ? "NOT " : string.Empty)}NULL";
    }

    internal sealed record InList(Property Value, IReadOnlyList<string> Texts, bool Not) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) =>
            Value.Evaluate(properties) is string text ? Texts.Contains(text) != Not : null;

        public override string ToString() =>
            $"{Value} {(Not ? "NOT " : string.Empty)}IN ({string.Join(", ", Texts.Select(static text => new Constant(text)))})";
    }

    internal sealed record Search(Property Value, string Way, string Text, bool Not) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties)
        {
            if (Text.Length == 0 || Value.Evaluate(properties) is not string text)
            {
                return false;
            }

            bool found = Way switch
            {
                "CONTAINS" => text.Contains(Text, StringComparison.Ordinal),
                "STARTSWITH" => text.StartsWith(Text, StringComparison.Ordinal),
                _ => text.EndsWith(Text, StringComparison.Ordinal),
            };
            return found != Not;
        }

        public override string ToString() => $"{Value} {(Not ? "NOT " : string.Empty)}{Way} {new Constant(Text)}";
    }

    internal sealed record Between(ReferenceSql Value, ReferenceSql Low, ReferenceSql High, bool Not) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) => Not
            ? new Joined(new Relation(Value, "<", Low), "OR", new Relation(Value, ">", High)).Evaluate(properties)
            : new Joined(new Relation(Value, ">=", Low), "AND", new Relation(Value, "<=", High)).Evaluate(properties);

        public override string ToString() => $"{Value} {(Not ? "NOT " : string.Empty)}BETWEEN {Low} AND {High}";
    }

    internal sealed record Joined(ReferenceSql Left, string Word, ReferenceSql Right) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties)
        {
            bool decides = Word == "OR";
            var left = (bool?)Left.Evaluate(properties);
            if (left == decides)
            {
                return left;
            }

            var right = (bool?)Right.Evaluate(properties);
            return right == decides ? right : left is null || right is null ? null : !decides;
        }

        public override string ToString() => $"({Left}) {Word} ({Right})";
    }

    internal sealed record Negated(ReferenceSql Value) : ReferenceSql
    {
        public override object? Evaluate(IReadOnlyDictionary<string, string> properties) => !(bool?)Value.Evaluate(properties);

        public override string ToString() => $"NOT ({Value})";
    }
}
