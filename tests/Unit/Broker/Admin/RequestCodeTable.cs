using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Broker.Handlers;
using ProtoBridgeMQ.NameServer;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Settings;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Unit.NameServer;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Admin;

/// <summary>The table of request codes in docs/remoting.md says what the routes do.</summary>
public class RequestCodeTable
{
    [Fact]
    public void Every_request_code_has_one_row_with_its_name()
    {
        Dictionary<int, string> known = typeof(RequestCode).GetFields(BindingFlags.Public | BindingFlags.Static)
            .ToDictionary(static field => (int)field.GetRawConstantValue()!, static field => field.Name);
        List<Row> rows = Rows();
        Assert.Equal(known.Keys.Order(), rows.Select(static row => row.Code).Order());
        Assert.Empty(rows.Where(row => Plain(row.Name) != Plain(known[row.Code])));
    }

    [Fact]
    public async Task What_the_table_says_of_the_broker_is_what_the_broker_routes()
    {
        await using BrokerBench bench = BrokerBench.Open();
        AssertRouted("broker", BrokerRoutes.Of(bench.Core, bench.Clock, NullLoggerFactory.Instance));
    }

    [Fact]
    public void What_the_table_says_of_the_name_server_is_what_the_name_server_routes()
    {
        var clock = new ManualClock();
        LiveSettings settings = NameServerKit.Settings();
        AssertRouted("name server", NameServerRoutes.Create(
            NameServerKit.Table(clock, settings: settings), NameServerKit.Config(), settings, Options.Create(new NameServerOptions()), clock, NullLogger.Instance));
    }

    private static void AssertRouted(string peer, RequestRoutes routes)
    {
        List<Row> rows = [.. Rows().Where(row => row.AskedOf == peer)];
        Assert.Empty(rows.Where(row => row.State != StateOf(routes.Find(row.Code))).Select(row => $"{row.Code} {row.Name} is '{row.State}' in docs/remoting.md and '{StateOf(routes.Find(row.Code))}' in the routes"));
        Assert.Empty(routes.Codes.Except(rows.Select(static row => row.Code)));
    }

    private static string StateOf(IRequestHandler? handler) => handler switch
    {
        null => "no",
        UnsupportedHandler => "refused",
        _ => "done",
    };

    private static string Plain(string name) => name.Replace("_", string.Empty, StringComparison.Ordinal)
        .Replace("NAMESRV", "NAMESERVER", StringComparison.Ordinal)
        .ToUpperInvariant();

    private static List<Row> Rows()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("the solution's directory is not above the test");
        }

        return
        [
            .. File.ReadLines(Path.Combine(root.FullName, "docs", "remoting.md"), Encoding.UTF8)
                .SkipWhile(static line => line != "## Request codes")
                .Select(static line => line.Split('|', StringSplitOptions.TrimEntries))
                .Where(static cells => cells.Length == 7 && int.TryParse(cells[1], CultureInfo.InvariantCulture, out _))
                .Select(static cells => new Row(int.Parse(cells[1], CultureInfo.InvariantCulture), cells[2], cells[3], cells[4])),
        ];
    }

    private sealed record Row(int Code, string Name, string AskedOf, string State);
}
