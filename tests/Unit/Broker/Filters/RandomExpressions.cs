using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Filters.Sql;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>Random expressions and properties against the plainest way to compute them; and words in any order.</summary>
public sealed class RandomExpressions
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3000);
    private static readonly string[] Names = ["a", "b", "TAGS", "KEYS", "_x$"];
    private static readonly string[] Texts = ["", "1", "5", "-3", "7.5", "x", "xyz", "it's", "true", "FALSE", "3000000000", " 5", "ü€", "1e1"];
    private static readonly object[] Numbers = [0, 1, 5, 2147483647, 2147483648L, 9000000000L, 0.5, 7.5, 5.0];

    [Fact]
    public void What_is_computed_equals_the_plain_way() => Prop.ForAll(
        Expressions(3).Zip(Properties()).ToArbitrary(),
        pair =>
        {
            (ReferenceSql tree, Dictionary<string, string> properties) = pair;
            var compiler = new FilterCompiler(new BrokerOptions());
            var filter = compiler.Compile("SQL92", tree.ToString(), out FilterRefusal? refusal) as SqlFilter;
            Assert.True(filter is not null, $"{tree}: {refusal?.Reason}");
            string expected = Plain(tree, properties);
            bool computed = filter.TryEvaluate(TextOf(properties), out SqlValue value);
            string actual = !computed ? "error" : value.IsNull ? "unknown" : value.IsTrue ? "true" : "false";
            Assert.True(expected == actual, $"{tree} with {string.Join('|', properties)}: {expected} expected, {actual} found");
        }).Check(Many);

    [Fact]
    public void Words_in_any_order_are_refused_or_computed_and_never_more() => Prop.ForAll(
        Gen.Elements(
            "a", "b", "1", "2.5", "'x'", "(", ")", ",", "=", "<>", ">", ">=", "<", "<=", "+", "-", "NOT", "AND", "OR", "BETWEEN", "IN",
            "TRUE", "FALSE", "NULL", "IS", "CONTAINS", "STARTSWITH", "ENDSWITH", "--", "/*", "*/", "'", ".", "0", "9e9", "\n", "é")
            .ArrayOf().Zip(Properties()).ToArbitrary(),
        pair =>
        {
            var compiler = new FilterCompiler(new BrokerOptions());
            IMessageFilter? filter = compiler.Compile("SQL92", string.Join(' ', pair.Item1), out FilterRefusal? refusal);
            Assert.True(filter is null != refusal is null);
            filter?.MatchesProperties(TextOf(pair.Item2));
        }).Check(Many);

    [Fact]
    public void Bytes_that_are_no_properties_do_no_harm() => Prop.ForAll(
        Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf().ToArbitrary(),
        static bytes =>
        {
            var compiler = new FilterCompiler(new BrokerOptions());
            IMessageFilter filter = compiler.Compile("SQL92", "a > 1 OR b CONTAINS 'x' OR a IN ('1') OR a = b", out _)!;
            filter.MatchesProperties(bytes);
        }).Check(Many);

    private static string Plain(ReferenceSql tree, Dictionary<string, string> properties)
    {
        try
        {
            return (bool?)tree.Evaluate(properties) switch { null => "unknown", true => "true", false => "false" };
        }
        catch (InvalidOperationException)
        {
            return "error";
        }
    }

    private static byte[] TextOf(Dictionary<string, string> properties) =>
        Encoding.UTF8.GetBytes(string.Concat(properties.Select(static pair => $"{pair.Key}\u0001{pair.Value}\u0002")));

    private static Gen<Dictionary<string, string>> Properties() =>
        Gen.Elements(Names).Zip(Gen.Elements(Texts)).ArrayOf().Select(static pairs => pairs.GroupBy(static pair => pair.Item1).ToDictionary(static group => group.Key, static group => group.Last().Item2));

    private static Gen<bool> Truth() => Gen.Elements(true, false);

    private static Gen<ReferenceSql.Property> Property() => Gen.Elements(Names).Select(static name => new ReferenceSql.Property(name));

    private static Gen<ReferenceSql> Sized() => Gen.OneOf(
        Property().Select(static property => (ReferenceSql)property),
        Number().Select(static number => (ReferenceSql)number),
        Number().Select(static number => (ReferenceSql)new ReferenceSql.Minus(number)));

    private static Gen<ReferenceSql.Constant> Number() =>
        Gen.Elements(Numbers).Where(static number => number is not 0.0).Select(static number => new ReferenceSql.Constant(number));

    private static Gen<ReferenceSql> Any() => Gen.OneOf(
        Sized(),
        Gen.Elements(Texts).Select(static text => (ReferenceSql)new ReferenceSql.Constant(text)));

    private static Gen<ReferenceSql> Expressions(int depth)
    {
        Gen<ReferenceSql> leaf = Gen.OneOf(
            Property().Zip(Gen.Elements("=", "<>")).Zip(Any()).Select(static x => (ReferenceSql)new ReferenceSql.Relation(x.Item1.Item1, x.Item1.Item2, x.Item2)),
            Property().Zip(Truth()).Select(static x => (ReferenceSql)new ReferenceSql.Relation(x.Item1, "=", new ReferenceSql.Constant(x.Item2))),
            Sized().Zip(Gen.Elements(">", ">=", "<", "<=")).Zip(Sized()).Select(static x => (ReferenceSql)new ReferenceSql.Relation(x.Item1.Item1, x.Item1.Item2, x.Item2)),
            Any().Zip(Truth()).Select(static x => (ReferenceSql)new ReferenceSql.IsNull(x.Item1, x.Item2)),
            Property().Zip(Gen.Elements(Texts).NonEmptyListOf()).Zip(Truth()).Select(static x => (ReferenceSql)new ReferenceSql.InList(x.Item1.Item1, [.. x.Item1.Item2], x.Item2)),
            Property().Zip(Gen.Elements("CONTAINS", "STARTSWITH", "ENDSWITH")).Zip(Gen.Elements(Texts)).Zip(Truth())
                .Select(static x => (ReferenceSql)new ReferenceSql.Search(x.Item1.Item1.Item1, x.Item1.Item1.Item2, x.Item1.Item2, x.Item2)),
            Property().Zip(Property()).Zip(Sized()).Zip(Truth())
                .Select(static x => (ReferenceSql)new ReferenceSql.Between(x.Item1.Item1.Item1, x.Item1.Item1.Item2, x.Item1.Item2, x.Item2)));
        if (depth == 0)
        {
            return leaf;
        }

        Gen<ReferenceSql> below = Expressions(depth - 1);
        return Gen.OneOf(
            leaf,
            below.Zip(Gen.Elements("AND", "OR")).Zip(below).Select(static x => (ReferenceSql)new ReferenceSql.Joined(x.Item1.Item1, x.Item1.Item2, x.Item2)),
            below.Select(static x => (ReferenceSql)new ReferenceSql.Negated(x)));
    }
}
