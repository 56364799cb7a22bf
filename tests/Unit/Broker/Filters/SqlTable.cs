using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Filters.Sql;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

/// <summary>
/// What SQL92 expressions give for properties, from a file whose third column Apache RocketMQ 5.3.3's own filter module
/// wrote; a fourth says what we do where we mean to differ.
/// </summary>
public sealed class SqlTable
{
    [Fact]
    public void Every_line_of_the_table_gives_what_Apache_gives()
    {
        string path = Environment.GetEnvironmentVariable("PROTOBRIDGE_SQL_TABLE") ?? GoldenFilters.PathOf("sql92.tsv");
        List<string> wrong = [];
        int lines = 0;
        foreach (string[] columns in GoldenFilters.Table(path))
        {
            string expected = columns.Length > 3 ? columns[3] : columns[2];
            string actual = Evaluate(GoldenFilters.Expression(columns[0]), GoldenFilters.Properties(columns[1]));
            lines++;
            if (actual != expected)
            {
                wrong.Add($"{columns[0]} with {columns[1]}: {expected} expected, {actual} found");
            }
        }

        Assert.True(lines > 100, "the table has lines");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {lines}\n" + string.Join('\n', wrong.Take(60)));
    }

    private static string Evaluate(string expression, byte[] properties)
    {
        var compiler = new FilterCompiler(new BrokerOptions());
        if (compiler.Compile("SQL92", expression, out FilterRefusal? refusal) is not SqlFilter filter)
        {
            Assert.StartsWith("Invalid MessageSelector. ", refusal!.Reason, StringComparison.Ordinal);
            return "REFUSED";
        }

        bool computed = filter.TryEvaluate(properties, out SqlValue result);
        Assert.Equal(computed && result.IsTrue, filter.MatchesProperties(properties));
        return !computed ? "ERROR" : result.IsNull ? "NULL" : result.IsTrue ? "TRUE" : "FALSE";
    }
}
