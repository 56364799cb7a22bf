using System.Collections;
using System.CommandLine;
using ProtoBridgeMQ.Broker.Hosting;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>The command line of the process.</summary>
public static class GatewayCommand
{
    /// <summary>Parses, starts, prints the banner, runs until a signal, stops.</summary>
    /// <param name="args">Arguments of the process.</param>
    /// <param name="environment">Its variables.</param>
    /// <param name="output">For the banner and the help.</param>
    /// <param name="error">For the one line that says why it does not start.</param>
    /// <param name="input">For passwords; null: the standard input.</param>
    /// <param name="cancellationToken">Stops it as a signal does.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args, IDictionary environment, TextWriter output, TextWriter error, TextReader? input = null, CancellationToken cancellationToken = default)
    {
        (RootCommand root, Dictionary<string, Option> options, Option<string> file) = Describe();
        root.Subcommands.Add(UserCommand.Describe(input ?? Console.In, output, error));
        // Before the parse: a root that has subcommands and no action of its own must be given one of them.
        root.SetAction((result, cancel) => StartAsync(Given(result, options), result.GetValue(file), environment, output, error, cancel));
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await error.WriteLineAsync($"{parsed.Errors[0].Message} Say --help for what there is.");
            return GatewayStartException.WrongUsage;
        }

        // The host handles the signals: the parser's own handler would end the process in the middle of a flush.
        var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await root.Parse(args).InvokeAsync(invocation, cancellationToken);
    }

    private static (RootCommand Root, Dictionary<string, Option> Options, Option<string> File) Describe()
    {
        var root = new RootCommand(
            "ProtoBridgeMQ: name server, broker and gateway in one process.\n"
            + "Port 0 switches a front off, any takes a free port. Every option is also a key of gateway.json (mqttPort)\n"
            + "and an environment variable (PROTOBRIDGE_MQTT_PORT); command line before environment before file.");
        var options = new Dictionary<string, Option>(StringComparer.Ordinal);
        foreach (Setting setting in Setting.All.Concat(Setting.NotYet))
        {
            Option option = setting.IsFlag
                ? new Option<bool>(setting.Option) { Description = setting.Help }
                : new Option<string>(setting.Option) { Description = setting.Help, HelpName = setting.Value, Hidden = Setting.NotYet.Contains(setting) };
            options.Add(setting.Option, option);
            root.Options.Add(option);
        }

        var file = new Option<string>("--config") { Description = "settings file (default ./gateway.json if present)", HelpName = "FILE" };
        root.Options.Add(file);
        return (root, options, file);
    }

    private static Dictionary<string, string> Given(ParseResult parsed, Dictionary<string, Option> options)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, Option option) in options)
        {
            if (parsed.GetResult(option) is { Implicit: false })
                given.Add(name, option is Option<bool> flag ? parsed.GetValue(flag).ToString() : parsed.GetValue((Option<string>)option) ?? string.Empty);
        }

        return given;
    }

    private static async Task<int> StartAsync(
        Dictionary<string, string> given,
        string? file,
        IDictionary environment,
        TextWriter output,
        TextWriter error,
        CancellationToken cancellationToken)
    {
        try
        {
            long began = TimeProvider.System.GetTimestamp();
            GatewayConfiguration configuration = GatewayConfiguration.Load(given, file, environment);
            // Where the log is JSON, they are lines of it; so they wait until there is one.
            if (configuration.Options.LogFormat != LogFormat.Json)
            {
                foreach (string warning in configuration.Warnings)
                    await error.WriteLineAsync(warning);
            }

            await using GatewayHost host = await GatewayHost.StartAsync(
                configuration.Options,
                new GatewaySetup
                {
                    Configuration = configuration.Sections,
                    File = configuration.File,
                    Origins = configuration.Origins,
                    Services = services => ShowRebuild(configuration, services, output),
                },
                cancellationToken);
            if (configuration.Options.LogFormat == LogFormat.Json)
            {
                host.LogIgnored(configuration.Warnings);
                host.LogReady(TimeProvider.System.GetElapsedTime(began));
            }
            else
            {
                await output.WriteAsync(Banner.Write(host, TimeProvider.System.GetElapsedTime(began)));
                await output.FlushAsync(cancellationToken);
            }

            await host.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (GatewayStartException refusal)
        {
            await error.WriteLineAsync(refusal.Message);
            return refusal.ExitCode;
        }
    }

    private static void ShowRebuild(GatewayConfiguration configuration, IServiceCollection services, TextWriter output)
    {
        if (configuration.Options.LogFormat != LogFormat.Json && bool.TryParse(configuration.Sections["broker:rebuild"], out bool rebuilds) && rebuilds)
        {
            services.AddRebuildBar(output);
        }
    }
}
