using System.Diagnostics;
using System.Text;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>Expressions that nobody writes by hand: all are answered at once.</summary>
public sealed class HostileExpressions
{
    public static TheoryData<string, string> Expressions => new()
    {
        { "100 KB", $"a = '{new string('x', 100_000)}'" },
        { "10,000 parentheses", $"{new string('(', 10_000)}a = 1{new string(')', 10_000)}" },
        { "10,000 parentheses that do not close", new string('(', 10_000) },
        { "10,000 signs", $"a > {new string('-', 1)}{string.Concat(Enumerable.Repeat(" -", 10_000))}1" },
        { "10,000 times NOT", string.Concat(Enumerable.Repeat("NOT ", 7_000)) + "a" },
        { "10,000 comparisons", string.Join(" OR ", Enumerable.Repeat("a=1", 4_500)) },
        { "a long list", $"a IN ({string.Join(',', Enumerable.Repeat("''", 10_000))})" },
        { "a text that does not end", "a = '" + new string('\'', 1001) + "x" },
        { "nothing", string.Empty },
        { "zeros", "\0\0\0" },
    };

    [Theory, MemberData(nameof(Expressions))]
    public void It_is_refused_with_a_reason_and_at_once(string what, string expression)
    {
        Assert.NotEmpty(what);
        var compiler = new FilterCompiler(new BrokerOptions());
        var watch = Stopwatch.StartNew();
        Assert.Null(compiler.Compile("SQL92", expression, out FilterRefusal? refusal));
        Assert.Equal(FilterRefusalKind.Invalid, refusal!.Kind);
        Assert.InRange(refusal.Reason.Length, 30, 200);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(1, compiler.Refused);
    }

    [Fact]
    public void The_limits_are_options()
    {
        var compiler = new FilterCompiler(new BrokerOptions { MaxFilterLength = 20, MaxFilterDepth = 3, MaxFilterNodes = 6 });
        Assert.NotNull(compiler.Compile("SQL92", "((a = 1))", out _));
        Assert.Null(compiler.Compile("SQL92", "(((a = 1)))", out FilterRefusal? deep));
        Assert.Contains("deeper than 3", deep!.Reason, StringComparison.Ordinal);
        Assert.Null(compiler.Compile("SQL92", "a = 1 OR b = 2", out FilterRefusal? many));
        Assert.Contains("more than 6 nodes", many!.Reason, StringComparison.Ordinal);
        Assert.Null(compiler.Compile("SQL92", "a = 'twenty-one chars'", out FilterRefusal? length));
        Assert.Contains("20 are allowed", length!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expression_at_the_limit_of_depth_is_compiled_and_computed()
    {
        var compiler = new FilterCompiler(new BrokerOptions { MaxFilterDepth = 500 });
        string expression = $"{new string('(', 499)}a = 1{new string(')', 499)}";
        IMessageFilter filter = compiler.Compile("SQL92", expression, out _)!;
        Assert.True(filter.MatchesProperties("a\u00011"u8));
        var nested = new StringBuilder("a > 0");
        for (int i = 0; i < 240; i++)
        {
            nested.Insert(0, "(b = ").Append(')');
        }

        Assert.NotNull(compiler.Compile("SQL92", nested.ToString(), out FilterRefusal? refusal));
        Assert.Null(refusal);
    }

    [Fact]
    public void Filters_that_are_kept_have_a_limit()
    {
        var compiler = new FilterCompiler(new BrokerOptions { MaxKnownFilters = 8 });
        for (int i = 0; i < 100; i++)
        {
            Assert.NotNull(compiler.Compile("SQL92", $"a = {i}", out _));
            Assert.InRange(compiler.Known, 1, 8);
        }
    }

    [Fact]
    public void A_type_that_is_none_and_filters_that_are_switched_off_are_refused()
    {
        Assert.Null(new FilterCompiler(new BrokerOptions()).Compile("CLASS", "x", out FilterRefusal? type));
        Assert.Equal(FilterRefusalKind.NotSupported, type!.Kind);
        Assert.Null(new FilterCompiler(new BrokerOptions { PropertyFilters = false }).Compile("SQL92", "a = 1", out FilterRefusal? off));
        Assert.Equal("The broker does not support consumer to filter message by SQL92", off!.Reason);
    }
}
