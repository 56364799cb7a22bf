using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using ProtoBridgeMQ.Gateway.Composition;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Http;

public sealed class Settings
{
    private static readonly Dictionary<string, string> NoOptions = [];

    [Fact]
    public void Command_line_comes_before_environment_before_file_before_default()
    {
        using var directory = new TempDirectory();
        string file = Write(directory, """{ "mqttPort": 1, "httpPort": 1, "brokerPort": 1, "http": { "maxBatch": 5, "maxReceive": 6 } }""");
        var environment = new Hashtable { ["PROTOBRIDGE_MQTT_PORT"] = "2", ["PROTOBRIDGE_HTTP_PORT"] = "2", ["PROTOBRIDGE_HTTP__MAXBATCH"] = "7" };

        GatewayConfiguration configuration = GatewayConfiguration.Load(new Dictionary<string, string> { ["--mqtt-port"] = "3" }, file, environment);

        GatewayOptions options = configuration.Options;
        Assert.Equal((3, 2, 1, 9876), (options.MqttPort, options.HttpPort, options.BrokerPort, options.NamesrvPort));
        Assert.Equal(("7", "6"), (configuration.Sections["http:maxBatch"], configuration.Sections["http:maxReceive"]));
        Assert.Empty(configuration.Warnings);
    }

    [Theory]
    [InlineData("""{ "mqttPorts": 1 }""", "mqttPorts is no setting")]
    [InlineData("""{ "http": { "maxBtach": 1 } }""", "http.maxBtach is no setting")]
    [InlineData("""{ "broker": { "port": 1 } }""", "broker.port is no setting")]
    [InlineData("""{ "mqttPort": 70000 }""", "'70000' is no port")]
    [InlineData("""{ "mqttPort": 1, "mqttPort": 2 }""", "mqttPort is there twice")]
    [InlineData("""{ "mqttPort": [1] }""", "mqttPort must be a text")]
    [InlineData("""{ "amqpPort": 5672 }""", "AMQP is not in this version")]
    [InlineData("""{ "flush": "never" }""", "'never' is neither fsync nor async")]
    [InlineData("[]", "it must be one JSON object")]
    [InlineData("{", "it is no JSON, see line 1")]
    public void What_the_file_may_not_have_is_refused_with_its_place(string json, string message)
    {
        using var directory = new TempDirectory();
        string file = Write(directory, json);

        var refusal = Assert.Throws<GatewayStartException>(() => GatewayConfiguration.Load(NoOptions, file, new Hashtable()));

        Assert.StartsWith(file, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(GatewayStartException.WrongUsage, refusal.ExitCode);
    }

    [Fact]
    public void An_unknown_variable_is_a_warning_because_others_write_there_too()
    {
        GatewayConfiguration configuration = GatewayConfiguration.Load(NoOptions, null, new Hashtable { ["PROTOBRIDGE_SERVICE_HOST"] = "10.0.0.1" });

        Assert.Equal(["The environment variable PROTOBRIDGE_SERVICE_HOST is no setting and is ignored."], configuration.Warnings);
    }

    [Theory]
    [InlineData("--mqtt-prot 1", "--mqtt-prot")]
    [InlineData("--mqtt-port", "--mqtt-port")]
    [InlineData("--mqtt-port x", "'x' is no port")]
    [InlineData("--amqp-port 5672", "AMQP is not in this version")]
    [InlineData("--grpc-port 8081", "RocketMQ 5 gRPC is not in this version")]
    [InlineData("--listen 0.0.0.0", "--allow-anonymous")]
    [InlineData("--listen example", "it must be an IP address")]
    [InlineData("--mqtt-port 0 --http-port 0 --namesrv-port 0 --broker-port 0", "nothing to start")]
    [InlineData("--mqtt-port 8080", "--mqtt-port and --http-port are both 8080")]
    [InlineData("--namesrv nowhere", "'nowhere' is no host:port")]
    [InlineData("--config ./not-there.json", "it cannot be read")]
    public async Task A_command_line_that_cannot_work_ends_with_one_line(string line, string message)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        int code = await GatewayCommand.RunAsync(line.Split(' '), new Hashtable(), output, error);

        Assert.Equal(GatewayStartException.WrongUsage, code);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.Single(error.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task The_help_lists_every_option_that_works_and_no_other()
    {
        using var output = new StringWriter();

        Assert.Equal(0, await GatewayCommand.RunAsync(["--help"], new Hashtable(), output, TextWriter.Null));

        string help = output.ToString();
        foreach (string option in new[] { "--mqtt-port", "--http-port", "--namesrv-port", "--broker-port", "--data", "--namesrv", "--listen", "--allow-anonymous", "--flush", "--config" })
            Assert.Contains(option, help, StringComparison.Ordinal);

        Assert.DoesNotContain("amqp", help, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("grpc", help, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        await using HttpFrontHost other = await HttpFrontHost.StartAsync();
        var options = new GatewayOptions { MqttPort = 0, NamesrvPort = 0, BrokerPort = 0, HttpPort = other.EndPoint.Port };

        var refusal = await Assert.ThrowsAsync<GatewayStartException>(() => GatewayHost.StartAsync(options, new GatewaySetup { Bridge = other.Bridge }));

        Assert.Equal(GatewayStartException.Taken, refusal.ExitCode);
        Assert.Equal(
            $"Port {other.EndPoint.Port} is in use by another program: stop that one, or choose another with --http-port (0 switches it off).",
            refusal.Message);
    }

    [Fact]
    public async Task A_limit_out_of_its_range_is_refused_with_its_section()
    {
        var refusal = await Assert.ThrowsAsync<GatewayStartException>(() => HttpFrontHost.StartAsync(null, ("maxBatch", "0")));

        Assert.StartsWith("http: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("MaxBatch", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_is_on_the_page()
    {
        string page = Golden.Read("docs", "configuration.md");

        Assert.Empty(Setting.All.Where(setting => !page.Contains($"`{setting.Option}` | `{setting.Variable}` | `{setting.Key}`", StringComparison.Ordinal)).Select(setting => setting.Option));
        Assert.Empty(Section.All.SelectMany(section => section.Keys).Where(key => !page.Contains($"| `{key.Replace(':', '.')}` |", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_time_on_the_page_is_the_default_and_is_taken_as_it_is_written()
    {
        string page = Golden.Read("docs", "configuration.md");
        var wrong = new List<string>();
        int seen = 0;
        foreach (Section section in Section.All)
        {
            int from = page.IndexOf($"### {section.Name}\n", StringComparison.Ordinal);
            foreach (PropertyInfo property in section.Options.GetProperties().Where(property => property.PropertyType == typeof(TimeSpan)))
            {
                string name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
                Match row = Regex.Match(page[from..], $@"^\| `{name}` \| ([0-9.]+:[0-9:]+) \|", RegexOptions.Multiline);
                if (!row.Success)
                    continue;
                seen++;
                var bound = Activator.CreateInstance(section.Options)!;
                var usual = property.GetValue(bound);
                property.SetValue(bound, TimeSpan.Zero);
                string written = row.Groups[1].Value;
                try
                {
                    new ConfigurationBuilder().AddInMemoryCollection([new(name, written)]).Build().Bind(bound);
                }
                catch (InvalidOperationException)
                {
                    // The setting stays zero: it is told of below.
                }

                if (!Equals(usual, property.GetValue(bound)))
                    wrong.Add($"{section.Name}.{name} = {written}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(seen >= 2, $"{seen} times are on the page");
    }

    private static string Write(TempDirectory directory, string json)
    {
        string file = directory["gateway.json"];
        File.WriteAllText(file, json);
        return file;
    }
}
