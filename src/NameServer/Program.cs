using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.NameServer.Hosting;

var port = new Option<int>("--port") { Description = "Port of the name server", DefaultValueFactory = _ => 9876 };
var listen = new Option<string>("--listen") { Description = "Address to listen on", DefaultValueFactory = _ => "127.0.0.1" };
var data = new Option<string>("--data") { Description = "Directory of stored values and of settings made by command", DefaultValueFactory = _ => "./data/namesrv" };
var config = new Option<string?>("--config") { Description = "Settings file: an object nameServer, as in gateway.json" };
var root = new RootCommand("ProtoBridgeMQ name server: tells RocketMQ clients which brokers have a topic") { port, listen, data, config };
root.SetAction(async (parsed, cancellationToken) =>
{
    if (!IPAddress.TryParse(parsed.GetValue(listen), out var address))
    {
        await Console.Error.WriteLineAsync("--listen takes an IP address");
        return 2;
    }
    var endPoint = new IPEndPoint(address, parsed.GetValue(port));
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
    {
        // Or else the host watches the whole tree below the working directory.
        Args = ["--hostBuilder:reloadConfigOnChange=false"],
    });
    builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
    if (parsed.GetValue(config) is { } file)
        builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
    builder.Services.AddNameServer(options =>
    {
        options.DataDirectory = parsed.GetValue(data)!;
        builder.Configuration.GetSection("nameServer").Bind(options);
    });
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endPoint, options => options.UseNameServer()));
    await using var app = builder.Build();
    try
    {
        await app.StartAsync(cancellationToken);
    }
    catch (Exception error) when (error is OptionsValidationException or IOException)
    {
        await Console.Error.WriteLineAsync($"The name server does not start: {error.Message}");
        return 1;
    }
    var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
    await Console.Out.WriteLineAsync($"ProtoBridgeMQ name server on {new Uri(bound).Authority}");
    await app.WaitForShutdownAsync(cancellationToken);
    return 0;
});
return await root.Parse(args).InvokeAsync();
