using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Broker.StoreTools;
using ProtoBridgeMQ.Sockets;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Hosting;

/// <summary>The broker as a process of its own.</summary>
internal static class BrokerProgram
{
    public static Task<int> RunAsync(string[] args, TextWriter output)
    {
        var defaults = new BrokerOptions();
        var port = new Option<int>("--port") { Description = "Port to listen on", DefaultValueFactory = _ => defaults.Port };
        var listen = new Option<string>("--listen") { Description = "Address to listen on", DefaultValueFactory = _ => defaults.Listen };
        var advertise = new Option<string>("--advertise") { Description = "Address for clients, when it is another", DefaultValueFactory = _ => defaults.Advertise };
        var nameServers = new Option<string>("--namesrv") { Description = "Name servers, host:port separated by semicolons", DefaultValueFactory = _ => defaults.NameServers };
        var data = new Option<string>("--data") { Description = "Store directory", DefaultValueFactory = _ => defaults.DataDirectory };
        var name = new Option<string>("--name") { Description = "Broker name", DefaultValueFactory = _ => defaults.Name };
        var cluster = new Option<string>("--cluster") { Description = "Cluster name", DefaultValueFactory = _ => defaults.Cluster };
        var id = new Option<long>("--broker-id") { Description = "0 for a master", DefaultValueFactory = _ => defaults.BrokerId };
        var config = new Option<string?>("--config") { Description = "Settings file: an object broker, as in gateway.json" };
        var flush = new Option<FlushMode>("--flush") { Description = "When a send is acknowledged", DefaultValueFactory = _ => defaults.Flush };
        var rebuild = new Option<bool>("--rebuild") { Description = "Throw away the queues and all else that is built from the commit log, and build it again" };
        var root = new RootCommand("ProtoBridgeMQ broker: speaks RocketMQ's remoting protocol") { port, listen, advertise, nameServers, data, name, cluster, id, flush, rebuild, config };
        root.SetAction((parsed, cancellation) => ServeAsync(
            options =>
            {
                Bind(parsed.GetValue(config), "broker", options);

                T Given<T>(Option<T> option, T otherwise) => parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;
                options.Port = Given(port, options.Port);
                options.Listen = Given(listen, options.Listen);
                options.Advertise = Given(advertise, options.Advertise);
                options.NameServers = Given(nameServers, options.NameServers);
                options.DataDirectory = Given(data, options.DataDirectory);
                options.Name = Given(name, options.Name);
                options.Cluster = Given(cluster, options.Cluster);
                options.BrokerId = Given(id, options.BrokerId);
                options.Flush = Given(flush, options.Flush);
                options.Rebuild = Given(rebuild, options.Rebuild);
            },
            sockets => Bind(parsed.GetValue(config), "sockets", sockets),
            output,
            cancellation));
        root.Subcommands.Add(StoreCommand.Create(output));
        ParseResult parse = root.Parse(args);
        return parse.Errors.Count > 0 && args is ["store", ..] ? RefuseAsync(parse) : parse.InvokeAsync();
    }

    private static void Bind(string? file, string section, object options)
    {
        if (file is not null)
        {
            new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false).Build().GetSection(section).Bind(options);
        }
    }

    private static async Task<int> RefuseAsync(ParseResult parse)
    {
        await parse.InvokeAsync();
        return StoreCommand.CannotRead;
    }

    private static async Task<int> ServeAsync(Action<BrokerOptions> configure, Action<LoopOptions> sockets, TextWriter output, CancellationToken cancellation)
    {
        var wanted = new BrokerOptions();
        configure(wanted);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Or else the host watches the whole tree below the working directory.
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Services.AddBroker(configure);
        if (wanted.Rebuild)
        {
            builder.Services.AddRebuildBar(output);
        }

        builder.WebHost.UseLowLatencySockets(sockets);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentUpgradedConnections = null;
            kestrel.Listen(new LoopEndPoint(IPAddress.TryParse(wanted.Listen, out IPAddress? address) ? address : IPAddress.Loopback, wanted.Port), static endpoint => endpoint.UseBroker());
        });
        try
        {
            await using WebApplication app = builder.Build();
            await app.StartAsync(cancellation);
            await output.WriteLineAsync(Banner(wanted));
            await output.FlushAsync(cancellation);
            await app.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (Exception error) when (error is OptionsValidationException or StoreUnusableException or IOException)
        {
            await output.WriteLineAsync($"The broker does not start: {error.Message}");
            return 1;
        }
    }

    private static string Banner(BrokerOptions options) =>
        $"ProtoBridgeMQ broker {options.Name} ({options.Cluster}) on {options.Listen}:{options.Port}, data {Path.GetFullPath(options.DataDirectory)}, "
        + (options.Flush == FlushMode.Fsync ? "fsync before every acknowledgement" : "async flush: a power cut may lose acknowledged messages")
        + (options.NameServers.Length > 0 ? $", name servers {options.NameServers}" : ", no name server");
}
